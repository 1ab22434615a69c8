"""The samples in Python run with the one command that each of them names, and print what they should."""

import os
import subprocess
import unittest

from tests.bus import PrivateBus, ROOT


class SampleTests(unittest.TestCase):
    def run_sample(self, name):
        command = "samples/%s/run" % name
        with open(os.path.join(ROOT, command), encoding="utf-8") as script:
            self.assertIn("# Run it:   %s\n" % command, script.read())
        with PrivateBus():
            run = subprocess.run([os.path.join(ROOT, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 universal_newlines=True, timeout=3000)
        self.assertEqual(("", 0), (run.stderr, run.returncode))
        return run.stdout.splitlines()

    def test_a_sensor_in_python_and_a_logger_in_c_sharp(self):
        self.assertEqual(sorted(["$.Sensor.Temperature: 21.5", "$.Sensor.Temperature: 21.7", "$.Sensor.Temperature: 22.1", "3 readings.",
                                 "The logger has 3 readings."]), sorted(self.run_sample("04-sensor-and-logger")))

    def test_a_worker_that_crashes_is_noticed(self):
        self.assertEqual(["The boss asks for 6 x 7.", "The worker has died ($.KBUS.Replier.Ignored). Another one is started.",
                          "The boss asks for 6 x 7.", "The answer is 42."], self.run_sample("05-crashing-worker"))


if __name__ == "__main__":
    unittest.main()
