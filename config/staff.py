"""What the role of the staff opens in the admin; superusers may all, nobody else enters."""

MAY = {
    "crm.employee": "view",
    "crm.department": "view",
    "crm.unit": "view",
    "crm.contact": "view change",
    "crm.erasure": "view",
    "crm.calendar": "view",
    "conversations.conversation": "view change",
    "conversations.channel": "view change",
    "conversations.envelope": "view change",
    "conversations.target": "view",
    "conversations.delivery": "view change",
    "conversations.article": "view add change",
    "conversations.helpcentre": "view change",
    "conversations.readyanswer": "view add change",
    "conversations.publication": "view add change",
    "conversations.mention": "view change",
    "conversations.place": "view add change",
    "conversations.watch": "view add change",
    "ambassadors.rule": "view",
    "ambassadors.offer": "view",
    "ambassadors.availability": "view add change",
    "ambassadors.vouch": "view add",
    "ambassadors.escalation": "view",
    "ambassadors.training": "view add",
    "ambassadors.absence": "view add change delete",
}
PERMISSIONS = [
    model.replace(".", f".{act}_") for model, acts in MAY.items() for act in acts.split()
]
