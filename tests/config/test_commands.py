import manage


def test_commands_that_need_no_server_start_none() -> None:
    for command in ("help", "makemessages", "compilemessages", "collectstatic", "spectacular"):
        assert not manage.needs_servers(["manage.py", command])
    assert not manage.needs_servers(["manage.py"])
    assert not manage.needs_servers(["manage.py", "migrate", "--help"])


def test_commands_that_read_or_write_start_the_servers() -> None:
    for command in ("migrate", "appraise", "receive_mail"):
        assert manage.needs_servers(["manage.py", command])
