"""Announces what it measures, and in the end asks whether all was written down."""

from kbus import Announcement, Ksock, Request, split_replier_bind_event_data

with Ksock(0) as sensor:
    # The bus says who binds as a replier; the logger is there when it has bound to this name.
    sensor.bind("$.KBUS.ReplierBindEvent")
    sensor.report_replier_binds()
    while sensor.find_replier("$.Log.Count") is None:
        is_bind, who, name = split_replier_bind_event_data(sensor.wait_for_msg().data)
    sensor.unbind("$.KBUS.ReplierBindEvent")
    for msg in sensor:
        pass

    for reading in (21.5, 21.7, 22.1):
        sensor.send_msg(Announcement("$.Sensor.Temperature", str(reading)))

    # Whoever hears both hears this Request after the readings: there is one order on a bus.
    answer = sensor.call(Request("$.Log.Count"), timeout=60)
    print("The logger has %s readings." % answer.data.decode())
