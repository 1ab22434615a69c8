// A stateful request insists on the replier that one has been talking to, because that one has the state.
//
// Run it:   dotnet run samples/03-stateful-conversation/program.cs
#:project ../../src/Kbus/Kbus.csproj
// The daemon's program is found beside one's own; on a machine where kbusd is installed this line is not needed.
#:project ../../src/Kbus.Daemon/Kbus.Daemon.csproj

using Kbus;

const string CoinToss = "$.Actor.CoinToss";

using Ksock rosencrantz = Ksock.Open();
Ksock guildenstern = Ksock.Open();
guildenstern.Bind(CoinToss, replier: true);

// The first request is for whoever replies; its answer says who that is.
rosencrantz.Send(new Request(CoinToss, "Will you count heads for me?"));
guildenstern.Send(Message.ReplyTo(guildenstern.WaitForMessage()!, "Yes, yes I shall"));
Message agreed = rosencrantz.WaitForMessage()!;
Console.WriteLine($"Ksock {agreed.From} is to count.");

// The following ones are for that very Ksock.
int heads = 0;
for (int i = 0; i < 2; i++)
{
    rosencrantz.Send(Message.StatefulRequest(agreed, CoinToss, "Head"));
    Message toss = guildenstern.WaitForMessage()!;
    heads += toss.DataAsText == "Head" ? 1 : 0;
    guildenstern.Send(Message.ReplyTo(toss, $"Head count is {heads}"));
    Console.WriteLine(rosencrantz.WaitForMessage()!.DataAsText);
}

// Falstaff takes over. He replies to the same name, but he has not been counting.
guildenstern.Dispose();
using Ksock falstaff = Ksock.Open();
falstaff.Bind(CoinToss, replier: true);
try
{
    rosencrantz.Send(Message.StatefulRequest(agreed, CoinToss, "Head"));
}
catch (KbusException e) when (e.Errno == Errno.EPIPE)
{
    Console.WriteLine(e.Message);
}
