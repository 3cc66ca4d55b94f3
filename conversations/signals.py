"""The only signals of the product: what happened, told by id after the commit."""

from django.dispatch import Signal

# conversations: list of ids in which a live message of a person outside arrived
messages_received = Signal()
# conversation, message: ids; a person of the company wrote a reply
reply_written = Signal()
# conversation: id; it became a colleague's
conversation_taken_over = Signal()
# conversation: id; closed, or marked as spam
conversation_ended = Signal()
