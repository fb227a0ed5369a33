"""How gunicorn serves the shop: processes for the cores, threads for the waiting.

`WEB_CONCURRENCY` sets the number of processes. Put a buffering proxy in front in production: threads are few
enough that slow clients could hold them all.
"""

import os

bind = os.environ.get("WEB_BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 50_000
max_requests_jitter = 5_000
# Nobody steers it but signals; its socket would be written to a home folder that a service may not have.
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
