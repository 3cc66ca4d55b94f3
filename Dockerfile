# The production image: no embedded servers, no tests, not root. The same image runs every part.
FROM python:3.13-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /bin/uv
WORKDIR /srv/relais
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-default-groups
COPY . .
# collectstatic reads the settings and nothing else: these values never reach the running image
RUN SECRET_KEY=build SECRETS_KEY=build DATABASE_URL=postgres:///build REDIS_URL=redis://build \
    .venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/relais relais \
    && install -d -o relais -g relais /srv/files
WORKDIR /srv/relais
COPY --from=build /srv/relais /srv/relais
ENV PATH=/srv/relais/.venv/bin:$PATH PYTHONUNBUFFERED=1 FILES_DIR=/srv/files
USER relais
EXPOSE 8000
VOLUME /srv/files
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--preload", "--timeout", "60", "--graceful-timeout", "10", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
