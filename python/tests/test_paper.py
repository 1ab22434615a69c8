"""The paper's play, as docs/paper-in-python.md has it, is performed by four processes."""

import os
import re
import subprocess
import unittest

from tests.bus import PrivateBus, ROOT
from tests.terminal import Terminal

_SCENE = re.compile(r"\*\*Terminal \d: (?P<who>\w+)\*\*\n\n```pycon\n(?P<typed>.*?)```|```console\n\$ kbus (?P<arguments>.*?)\n(?P<said>.*?)```",
                    re.DOTALL)


class PaperTests(unittest.TestCase):
    def test_every_prompt_and_every_line_of_the_paper(self):
        with open(os.path.join(ROOT, "docs", "paper-in-python.md"), encoding="utf-8") as document:
            scenes = list(_SCENE.finditer(document.read()))
        self.assertEqual(45, len(scenes))
        terminals = {}
        with PrivateBus() as bus:
            try:
                for scene in scenes:
                    who = scene.group("who")
                    if who is None:
                        self._is_said(scene.group("arguments"), scene.group("said"))
                        continue
                    if who not in terminals:
                        terminals[who] = Terminal(bus.environment)
                    with self.subTest(who=who, typed=scene.group("typed")):
                        terminals[who].play(scene.group("typed").splitlines())
            finally:
                for terminal in terminals.values():
                    terminal.close()
        self.assertEqual({"Rosencrantz", "Audience", "Guildenstern", "Falstaff"}, set(terminals))

    def _is_said(self, arguments, said):
        command = os.environ.get("KBUS_COMMAND", os.path.join(ROOT, "kbus"))
        run = subprocess.run([command, *arguments.split()], stdout=subprocess.PIPE, universal_newlines=True, check=True, timeout=300)
        self.assertTrue(run.stdout.startswith(said), run.stdout)


if __name__ == "__main__":
    unittest.main()
