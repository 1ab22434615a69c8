// A request gets exactly one answer: the replier's, or a Status from the bus in its place.
//
// Run it:   dotnet run samples/02-request-and-reply/program.cs
#:project ../../src/Kbus/Kbus.csproj
// The daemon's program is found beside one's own; on a machine where kbusd is installed this line is not needed.
#:project ../../src/Kbus.Daemon/Kbus.Daemon.csproj

using Kbus;

using Ksock rosencrantz = Ksock.Open();

// Without a replier a request is not sent, and the error says so at once.
try
{
    rosencrantz.Request(new Request("$.Actor.Ask.Guildenstern", "Are you there?"));
}
catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
{
    Console.WriteLine("Nobody replies yet.");
}

Ksock guildenstern = Ksock.Open();
guildenstern.Bind("$.Actor.Ask.Guildenstern", replier: true);
Task replying = ReplyToTwo();

// The answer comes to the call that asked, past whatever else may be in the queue.
Message? answer = rosencrantz.Request(new Request("$.Actor.Ask.Guildenstern", "Were you speaking to me?"));
Console.WriteLine($"{answer!.DataAsText}, says Ksock {answer.From}.");

// Guildenstern reads this one and leaves without a word. The bus answers in his place.
Message? status = await rosencrantz.RequestAsync(new Request("$.Actor.Ask.Guildenstern", "Are you sure?"));
Console.WriteLine($"The bus says: {status!.Name}");
await replying;

async Task ReplyToTwo()
{
    Message? first = await guildenstern.ReceiveAsync();
    guildenstern.Send(Message.ReplyTo(first!, "Yes, yes I was"));
    await guildenstern.ReceiveAsync();
    guildenstern.Dispose();
}
