// Writes down what sensors announce, until somebody asks how much that is. samples/04-sensor-and-logger/run runs it.
#:project ../../src/Kbus/Kbus.csproj
// The daemon's program is found beside one's own; on a machine where kbusd is installed this line is not needed.
#:project ../../src/Kbus.Daemon/Kbus.Daemon.csproj

using System.Globalization;
using Kbus;

using Ksock logger = Ksock.Open();
logger.Bind("$.Sensor.*");
logger.Bind("$.Log.Count", replier: true);

int count = 0;
while (true)
{
    Message message = logger.WaitForMessage()!;
    if (message.WantsUsToReply)
    {
        Console.WriteLine($"{count} readings.");
        logger.Send(Message.ReplyTo(message, count.ToString(CultureInfo.InvariantCulture)));
        return;
    }

    count++;
    Console.WriteLine($"{message.Name}: {message.DataAsText}");
}
