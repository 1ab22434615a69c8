using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>Both sides of one link in this process, each with its own mapping and its own end of the socket.</summary>
internal sealed class LinkPair : IDisposable
{
    public LinkPair(int slots = 128, int commandRing = 4096, int deliveryRing = 4096)
    {
        LinkLayout layout = LinkLayout.TryCreate(slots, commandRing, deliveryRing)!;
        Check.Ok(SharedMemory.Create(layout, 7, 0, out SharedMemory? bus, out Descriptor? file));
        Check.Ok(SharedMemory.Map(file!, layout, out SharedMemory? client));
        file!.Dispose();
        Bus = bus!;
        Client = client!;
        Check.Ok(LibC.StreamSocketPair(blocking: false, out int busEnd, out int clientEnd));
        BusSocket = new Descriptor(busEnd);
        ClientSocket = new Descriptor(clientEnd);
        Bell = new Descriptor(Check.Ok(LibC.CreateEvent()));
    }

    public SharedMemory Bus { get; }

    public SharedMemory Client { get; }

    public Descriptor BusSocket { get; }

    public Descriptor ClientSocket { get; }

    public Descriptor Bell { get; }

    public void Dispose()
    {
        Bus.Dispose();
        Client.Dispose();
        BusSocket.Dispose();
        ClientSocket.Dispose();
        Bell.Dispose();
    }
}
