#!/usr/bin/env python3
"""A hub that scans a site of some 250 pages every minute: its resident memory at the end beside that after a sixth of the time.

usage: memory.py BINARY [MINUTES]      (default 120)

Every page is asked for again by each scan. One page in five changes between scans, and one in fifty is an offer that is
referred."""
import subprocess, sys, tempfile, threading, time
from interrupted import Place, Server, Site

ASKED = 0


class Changing(Site):
    """The site of the other proofs, whose chairs change their price over time."""

    def do_GET(self):
        global ASKED
        ASKED += 1
        super().do_GET()

    def answer(self, status, text):
        minute = int(time.time() / 60)
        number = self.path.rpartition("/")[2]
        if number.isdigit() and int(number) % 5 == minute % 5:
            text = text.replace("EUR 40", f"EUR {40 + minute % 50}")
        super().answer(status, text)


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def main():
    binary, minutes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 120
    server = Server(("127.0.0.1", 0), Changing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        place = Place(binary, folder, url, crawl='revisit = "30s"', more='[schedule]\ncron = "* * * * *"')
        hub = subprocess.Popen(place.command("serve", "--listen", "127.0.0.1:0"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = []
        try:
            for minute in range(1, minutes + 1):
                time.sleep(60)
                if hub.poll() is not None:
                    raise SystemExit(f"the hub ended with {hub.returncode} after {minute} minutes")
                seen.append(resident(hub.pid))
                if minute % 5 == 0 or minute == minutes:
                    print(f"after {minute} minutes {seen[-1]:.0f} MB, {ASKED} requests", flush=True)
        finally:
            hub.terminate()
            hub.wait(30)
    early = seen[max(minutes // 6, 1) - 1]
    print(f"at the end {100 * seen[-1] / early - 100:+.1f} % of what it was after {max(minutes // 6, 1)} minutes; at most {max(seen):.0f} MB")


main()
