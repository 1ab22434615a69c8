using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The client's bell for the bus: a file that the bus's epoll set watches and nobody at the bus ever reads.</summary>
/// <remarks>
/// <para>It is a pipe, both ends in one descriptor. The kernel wakes the reader of a pipe on the writer's processor: no other processor
/// need be woken, and what the writer wrote is in the cache. The bus needs no descriptor of it, since the client has both ends open.
/// Where no such pipe can be made, and for a client that does not know it, it is an event counter.</para>
/// <para>The epoll set sees each write, whether or not the pipe was empty (Linux 5.14). Only a full pipe takes none: then the client
/// empties it.</para>
/// <para>Any thread may call.</para>
/// </remarks>
internal sealed class CommandBell
{
    // Emptying and writing again can be in vain only if other threads fill the pipe in between.
    private const int MostTries = 8;
    private const int EmptiedAtOnce = 4096;

    private readonly SharedMemory _memory;
    private readonly Descriptor _bell;
    private readonly bool _isPipe;

    /// <summary>The bell of a link.</summary>
    public CommandBell(SharedMemory memory, Descriptor bell)
    {
        (_memory, _bell) = (memory, bell);
        _isPipe = IsPipe(bell);
    }

    /// <summary>Makes a bell for a client. Negative: the error.</summary>
    /// <param name="client">What the client speaks.</param>
    public static int Create(LinkVersions client) =>
        (client.Features & LinkVersions.Ours.Features & LinkVersions.PipeBell) != 0 && LibC.PipeOfOne(out int bell) >= 0 ? bell : LibC.CreateEvent();

    /// <summary>Remembers which file a bell is (<see cref="Descriptor.Identify"/>).</summary>
    public static void Identify(Descriptor bell) => bell.Identify(isEventCounter: !IsPipe(bell));

    /// <summary>After committing a command: rings if the bus will not look by itself. Whether it rang.</summary>
    public bool RingIfWanted()
    {
        // We published a command and now look at what the bus wants; the bus says that it wants the bell, makes a full fence, and then
        // looks for commands (CommandConsumer.AskForBell). At least one of the two sees the other's word.
        Fence.Full();
        ref uint wants = ref _memory.Header.BusWantsBell;
        if (Volatile.Read(ref wants) == 0 || Interlocked.Exchange(ref wants, 0) == 0)
        {
            return false;
        }

        if (_isPipe)
        {
            WriteToPipe();
        }
        else
        {
            _ = LibC.SignalEvent(_bell.Number);
        }

        return true;
    }

    private static bool IsPipe(Descriptor bell) => LibC.StatusOf(bell.Number, out FileStatus status) >= 0 && status.IsPipe;

    private void WriteToPipe()
    {
        Span<byte> rings = stackalloc byte[EmptiedAtOnce];
        for (int tries = 0; tries < MostTries && LibC.Write(_bell.Number, [1]) == LibC.Again; tries++)
        {
            while (LibC.Read(_bell.Number, rings) == rings.Length)
            {
            }
        }
    }
}
