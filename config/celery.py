"""The Celery app and the whole timetable.

Rows are the jobs; a task may be lost, doubled or late without harm (docs/adr). So: no results,
no countdowns, remote control stays on (a worker without it can go deaf after a broker restart).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init, worker_process_init
from django.db import close_old_connections, connections

from crm import language

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("relais")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "max_retries": 0,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "socket_keepalive": True,
    },
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=45,
    task_soft_time_limit=30,
    worker_prefetch_multiplier=1,
    worker_proc_alive_timeout=30,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    timezone="UTC",
    beat_schedule={
        "ingest what no nudge reached": {
            "task": "conversations.channels.tasks.ingest",
            "schedule": 3.0,
            "options": {"expires": 3},
        },
        "deliver what is due": {
            "task": "conversations.inbox.tasks.deliver_due",
            "schedule": 3.0,
            "options": {"expires": 3},
        },
        "read the accounts that are due": {
            "task": "conversations.channels.tasks.read_accounts",
            "schedule": 3.0,
            "options": {"expires": 3},
        },
        "publish what is due": {
            "task": "conversations.editorial.tasks.publish_due",
            "schedule": 3.0,
            "options": {"expires": 3},
        },
        "ask how publications are doing": {
            "task": "conversations.editorial.tasks.measure_due",
            "schedule": 300.0,
            "options": {"expires": 200},
        },
        "read the places that are due": {
            "task": "conversations.listening.tasks.read_due",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "send the week of what was heard": {
            "task": "conversations.listening.tasks.send_digests",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "route what is due": {
            "task": "ambassadors.routing.tasks.route_due",
            "schedule": 3.0,
            "options": {"expires": 3},
        },
        "follow up what was accepted": {
            "task": "ambassadors.routing.tasks.follow_up_due",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "tell people what is due": {
            "task": "ambassadors.routing.tasks.tell_due",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "tell people what happened inside": {
            "task": "ambassadors.communities.tasks.tell_due",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "date the answers that came from inside": {
            "task": "ambassadors.communities.tasks.note_answers",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "escalate what no announcement reached": {
            "task": "ambassadors.governance.tasks.scan_recent",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "tell whose turn it is in an approval": {
            "task": "ambassadors.governance.tasks.tell_due",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "fetch files that networks keep": {
            "task": "conversations.inbox.tasks.fetch_files",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "strike out words that channels keep no longer": {
            "task": "conversations.inbox.tasks.strike_old_words",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "forget files that were handed in and never sent": {
            "task": "conversations.inbox.tasks.forget_unsent_files",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "forget changes of messages that never came": {
            "task": "conversations.inbox.tasks.forget_waiting_changes",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "wake snoozed conversations": {
            "task": "conversations.inbox.tasks.end_snoozes",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "go on with what is to be erased": {
            "task": "crm.privacy.tasks.erase_due",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "put together the copies that people asked for": {
            "task": "crm.privacy.tasks.make_exports",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "propose who may be one person": {
            "task": "crm.contacts.tasks.find_duplicates",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "set aside what the blocked wrote": {
            "task": "conversations.inbox.tasks.settle_blocks",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "see what will be late": {
            "task": "conversations.inbox.tasks.watch_deadlines",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "tell colleagues who are asked in or asked for": {
            "task": "conversations.inbox.tasks.tell_colleagues",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "tell what will be late": {
            "task": "conversations.inbox.tasks.tell_deadlines",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "count what was reused": {
            "task": "conversations.knowledge.tasks.count_uses_due",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "tell who keeps articles what they need": {
            "task": "conversations.knowledge.tasks.tell_due",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "say that the sources are alive": {
            "task": "conversations.channels.tasks.note_heartbeats",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "ask the networks what people are called": {
            "task": "conversations.channels.tasks.name_people",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "ask the networks whether they know us": {
            "task": "conversations.channels.tasks.probe_connections",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "post events to people's endpoints": {
            "task": "ambassadors.live.tasks.post_events",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "forget old events": {
            "task": "ambassadors.live.tasks.forget_events",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "forget answers to repeated requests": {
            "task": "crm.access.tasks.forget_idempotency_keys",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "forget what apps were let do once": {
            "task": "crm.access.tasks.forget_ended_tokens",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "keep today's appraisal at hand": {
            "task": "maturity.appraisals.tasks.draw_picture",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "keep the facts of days": {
            "task": "maturity.appraisals.tasks.keep_facts",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "keep the appraisal of the week": {
            "task": "maturity.appraisals.tasks.store_appraisals_due",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "tell by mail what moved in the maturity": {
            "task": "maturity.executive.tasks.send_digests",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "say that the worker is alive": {
            "task": "config.tasks.pulse",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
    },
)
app.autodiscover_tasks(
    [
        "config",
        "crm.access",
        "crm.contacts",
        "crm.privacy",
        "conversations.channels",
        "conversations.inbox",
        "conversations.knowledge",
        "conversations.listening",
        "conversations.editorial",
        "ambassadors.live",
        "ambassadors.governance",
        "ambassadors.routing",
        "ambassadors.communities",
        "maturity.appraisals",
        "maturity.executive",
    ]
)


@worker_init.connect
def _load_once_for_all(**_: Any) -> None:
    """Before the fork: the children share it, and their first offers don't wait for it."""
    language.load()


@worker_process_init.connect
def _drop_inherited_connections(**_: Any) -> None:
    connections.close_all()


@task_postrun.connect
def _give_sign(**_: Any) -> None:
    """A file that each worker's own health check looks at, where WORKER_SIGN names one."""
    if sign := os.environ.get("WORKER_SIGN"):
        Path(sign).touch()


@task_prerun.connect
@task_postrun.connect
def _drop_broken_connections(**_: Any) -> None:
    close_old_connections()
