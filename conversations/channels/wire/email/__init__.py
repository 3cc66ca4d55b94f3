"""Mail: reading what strangers write, in linear time; writing; SMTP. Nothing of Django."""
