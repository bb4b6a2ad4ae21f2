FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PODHUB_DATA=/data
WORKDIR /app
COPY pyproject.toml README.md manage.py ./
COPY lifecycle lifecycle
COPY podhub podhub
COPY templates templates
COPY static static
COPY locale locale
RUN pip install --no-cache-dir --editable . \
    && useradd --system --uid 10001 --home-dir /data podhub \
    && REDIS_URL=redis://build SECRET_KEY=build ALLOWED_HOSTS=build python manage.py collectstatic --noinput \
    && install -d -o podhub /data
USER podhub
EXPOSE 8000
CMD ["uvicorn", "podhub.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
