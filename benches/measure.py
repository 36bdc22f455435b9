"""What the measuring scripts have in common: processes, their CPU time, requests, and the table."""

import base64
import http.client
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOAD = ROOT / "benches/load"
LANYARD = ROOT / "target/release/lanyard"
FLOOR = ROOT / "target/floor/release/floor"
TICK = os.sysconf("SC_CLK_TCK")
TABLE = []


def build():
    run("cargo", "build", "--release", "--locked", "--bin", "lanyard", cwd=ROOT)
    floor = ROOT / "benches/floor"
    run("cargo", "build", "--release", "--locked", cwd=floor, env={"CARGO_TARGET_DIR": str(ROOT / "target/floor")})


def driven(pid, load, seconds):
    """CPU seconds that `pid` used, and the requests that wrk sent meanwhile."""
    before = cpu(pid)
    told = wrk(load, seconds).stdout
    used, requests = cpu(pid) - before, int(re.search(r"(\d+) requests in", told).group(1))
    if requests == 0 or "Non-2xx" in told or "Socket errors" in told:
        sys.exit(f"{load['url']} did not answer as it should:\n{told}")
    return used, requests


def wrk(load, seconds, latency=False, wait=True):
    env = {key: str(value) for key, value in load.items() if key.isupper()}
    script = ["-s", str(LOAD / f"{load['script']}.lua")] if "script" in load else []
    extra = ["--latency"] if latency else []
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{load.get('connections', 16)}", f"-d{duration(seconds)}", *extra, *script, load["url"]]
    if wait:
        return subprocess.run(command, env=os.environ | env, stdout=subprocess.PIPE, text=True, check=True)
    return subprocess.Popen(command, env=os.environ | env, stdout=subprocess.PIPE, text=True)


def duration(seconds):
    return f"{max(1, round(seconds))}s"


def cpu(pid, threads=None):
    """CPU seconds of a process, or of those of its threads whose name begins so."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat") if threads else [Path(f"/proc/{pid}/stat")]
    used = 0
    for stat in stats:
        name, fields = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        if name.startswith(threads or ""):
            used += sum(int(field) for field in fields.split()[11:13])
    return used / TICK


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def spawn(command, env=None, **more):
    more.setdefault("stdout", subprocess.DEVNULL)
    return subprocess.Popen([str(part) for part in command], env=os.environ | (env or {}), **more)


def stop(process):
    process.terminate()
    process.wait(timeout=30)


def run(*command, env=None, **more):
    subprocess.run(command, env=os.environ | (env or {}), check=True, **more)


def get(port, path):
    return request("GET", port, path)[:2]


def request(method, port, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def cookies_of(headers):
    return "; ".join(value.split(";", 1)[0] for value in headers.get_all("set-cookie") or [])


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def quote(text):
    return urllib.parse.quote(text, safe="")


def row(operation, mine, same="–", bare="–", same_ratio="–", bare_ratio="–", goal="", ratio=None):
    TABLE.append((operation, mine, same, bare, same_ratio, ratio or bare_ratio, goal))
    print("  ".join(TABLE[-1]), file=sys.stderr, flush=True)


def report(operation, times):
    """A row of the table: medians of rounds, and of their ratios."""
    mine = statistics.median(times["lanyard"])
    ratio = lambda who: f"{statistics.median(a / b for a, b in zip(times['lanyard'], times[who])):.2f}" if who in times else "–"
    other = lambda who: f"{statistics.median(times[who]) * 1e6:.0f}" if who in times else "–"
    row(operation["name"], f"{mine * 1e6:.0f} µs", other("same"), other("bare"), ratio("same"), ratio("bare"), operation["goal"])


def print_table():
    print("\n| operation | Lanyard | same SQL | bare | × same | × bare | goal |\n|---|---|---|---|---|---|---|")
    for cells in TABLE:
        print("| " + " | ".join(cells) + " |")


def wait_ready(server, port, begun):
    while time.monotonic() - begun < 120:
        if server.poll() is not None:
            sys.exit("lanyard ended before it was ready")
        try:
            if get(port, "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.002)
    sys.exit("lanyard is not ready after two minutes")
