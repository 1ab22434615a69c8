using Kbus.Hosts;
using Kbus.Link;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Tests.Links;

/// <summary>A link without a daemon: its client side is what is tested, and the test itself is the bus.</summary>
internal sealed class BusEnd : IDisposable
{
    private readonly SharedMemory _memory;
    private readonly Descriptor _socket;

    public BusEnd(int slots = 16, int commandRing = 4096, KsockOptions? options = null)
    {
        LinkLayout layout = LinkLayout.TryCreate(slots, commandRing, 4096)!;
        Assert.Equal(0, SharedMemory.Create(layout, 7, 0, out SharedMemory? bus, out Descriptor? file));
        Assert.Equal(0, SharedMemory.Map(file!, layout, out SharedMemory? client));
        file!.Dispose();
        _memory = bus!;
        Assert.True(LibC.StreamSocketPair(blocking: false, out int busEnd, out int clientEnd) >= 0);
        _socket = new Descriptor(busEnd);
        var kept = new Descriptor(clientEnd);
        kept.Identify();
        var bell = new Descriptor(LibC.CreateEvent());
        bell.Identify(isEventCounter: true);
        Commands = new CommandConsumer(_memory);
        Completions = new CompletionWriter(_memory);
        Life = new LinkLife(new OpenedLink(kept, bell, client!, 1, 0));
        Channel = new CommandChannel(Life, options ?? new KsockOptions());
        Ledger = new SendLedger(Life, new Requests(1, answersAtEnd: true));
        Board = new NewsBoard(Life, Channel);
        Outcomes = new PostedOutcomes(Life, Channel, Ledger, Board);
        Channel.WhileWaiting = Outcomes.DrainPosted;
        Life.OnUnused = Free;
    }

    public CommandConsumer Commands { get; }

    public CompletionWriter Completions { get; }

    public LinkLife Life { get; }

    public CommandChannel Channel { get; }

    public SendLedger Ledger { get; }

    public NewsBoard Board { get; }

    public PostedOutcomes Outcomes { get; }

    public bool IsFreed { get; private set; }

    /// <summary>The bus takes the next command and says what it is.</summary>
    public CommandRecord Take()
    {
        Assert.Equal(CommandLook.Command, Commands.TryRead(out CommandRecord record, out _));
        Commands.Advance();
        return record;
    }

    /// <summary>The bus hangs up.</summary>
    public void HangUp() => _socket.Dispose();

    public void Dispose()
    {
        if (Life.BeginDisposing())
        {
            Life.Leave(0);
        }

        _memory.Dispose();
        _socket.Dispose();
    }

    private void Free()
    {
        IsFreed = true;
        Board.Areas.Dispose();
        Life.Memory.Dispose();
        Life.Bell.Dispose();
        Life.Socket.Dispose();
    }
}
