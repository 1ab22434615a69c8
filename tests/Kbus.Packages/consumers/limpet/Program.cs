using System.Net.Sockets;
using Kbus;
using Kbus.Limpets;

using var bowls = new EmbeddedKbus(buses: 2);
string path = Path.Join(Directory.CreateTempSubdirectory("kbus-").FullName, "link");
using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
door.Bind(new UnixDomainSocketEndPoint(path));
door.Listen();
var here = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
here.Connect(new UnixDomainSocketEndPoint(path));
Socket there = door.Accept();
Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

Task<Limpet> begun = Task.Run(() => Limpet.Attach(
    new NetworkStream(here, ownsSocket: true), new LimpetOptions { NetworkId = 1, OpenKsock = () => bowls.Open(0) }));
using Limpet two = Limpet.Attach(new NetworkStream(there, ownsSocket: true), new LimpetOptions { NetworkId = 2, OpenKsock = () => bowls.Open(1) });
using Limpet one = await begun;

using Ksock listener = bowls.Open(1);
listener.Bind("$.Greet");
using Ksock sender = bowls.Open(0);
sender.Send(new Announcement("$.Greet", "hello"));
Console.WriteLine($"carried: {listener.WaitForMessage(TimeSpan.FromMinutes(3))?.DataAsText}");
