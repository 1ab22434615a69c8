// An announcement is for whoever listens.
//
// Run it:   dotnet run samples/01-announce-and-listen/program.cs
//
// The two Ksocks could as well be in two processes: nothing would change. Try 'kbus listen $.Actor.*' in another terminal.
#:project ../../src/Kbus/Kbus.csproj
// The daemon's program is found beside one's own; on a machine where kbusd is installed this line is not needed.
#:project ../../src/Kbus.Daemon/Kbus.Daemon.csproj

using Kbus;

// The first Ksock that is opened starts a daemon, if there is none.
using Ksock rosencrantz = Ksock.Open();
using Ksock audience = Ksock.Open();

// Nobody has bound yet, so nobody hears this; that is no error.
rosencrantz.Send(new Announcement("$.Actor.Speak", "Ahem"));

// From the return of Bind on, every message with a name that matches comes to the audience.
audience.Bind("$.Actor.*");
rosencrantz.Send(new Announcement("$.Actor.Speak", "Hello there"));
rosencrantz.Send(new Announcement("$.Actor.Speak", "Can you hear me?"));

// Messages wait in the audience's queue, in the one order in which everybody gets them.
foreach (Message message in audience)
{
    Console.WriteLine($"{message.Name}: {message.DataAsText}");
}

// There is nothing more, so this wait ends with its time.
Message? next = audience.WaitForMessage(TimeSpan.FromMilliseconds(100));
Console.WriteLine(next is null ? "And then silence." : $"{next}");
