"""The only signals of the product: what happened, told by id after the commit."""

from django.dispatch import Signal

# conversations: list of ids in which a live message of a person outside arrived
messages_received = Signal()
# conversation, message: ids; a person of the company wrote a reply
reply_written = Signal()
# conversation, taker: ids; it became a colleague's; taker: who did not ask for it themself, or None
conversation_taken_over = Signal()
# conversation, needed: id, bool; it was decided that it needs no answer, or that it does after all
need_changed = Signal()
# conversation: id; closed, or marked as spam
conversation_ended = Signal()
