using System.Text;
using Kbus.Link;

namespace Kbus.Cli;

/// <summary>The Ksocks and bindings that a recorder knows of, for the beginning of the next file (rotation).</summary>
internal sealed class PresentBus
{
    private readonly Dictionary<uint, (byte[] Program, WatchKsock Ksock)> _ksocks = [];
    private readonly Dictionary<(uint Ksock, uint Flags, string Name), int> _bindings = [];

    /// <summary>Takes down what a record tells.</summary>
    /// <param name="kind">What it tells of.</param>
    /// <param name="record">Its bytes.</param>
    /// <param name="program">The program as a record, if it tells of a new Ksock.</param>
    public void Note(WatchRecordKind kind, ReadOnlySpan<byte> record, byte[]? program)
    {
        if (!WatchWire.TryRead(ref record, out WatchHead head))
        {
            return;
        }

        switch (kind)
        {
            case WatchRecordKind.Opened or WatchRecordKind.PresentKsock when program is not null:
                if (WatchWire.TryRead(ref record, out WatchKsock ksock))
                {
                    _ksocks[head.Ksock] = (program, ksock);
                }

                break;
            case WatchRecordKind.Closed:
                _ksocks.Remove(head.Ksock);
                foreach ((uint, uint, string) gone in _bindings.Keys.Where(b => b.Ksock == head.Ksock).ToArray())
                {
                    _bindings.Remove(gone);
                }

                break;
            case WatchRecordKind.Bound or WatchRecordKind.Unbound or WatchRecordKind.PresentBinding when head.Outcome == 0:
                NoteBinding(head.Ksock, record, kind != WatchRecordKind.Unbound);
                break;
        }
    }

    /// <summary>Writes all of it, as the bus does for a new watcher.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="number">The number of the last event.</param>
    /// <param name="moment">Now, in nanoseconds of the monotonic clock.</param>
    public void Write(RecordWriter writer, ulong number, long moment)
    {
        byte[] bytes = new byte[WatchHead.Size + WatchKsock.Size];
        foreach ((uint id, (byte[] program, WatchKsock ksock)) in _ksocks)
        {
            Span<byte> rest = bytes;
            WatchWire.Write(ref rest, new WatchHead(number, moment, id, 0));
            WatchWire.Write(ref rest, ksock);
            writer.Write(RecordKind.Program, program);
            writer.Write((RecordKind)WatchRecordKind.PresentKsock, bytes);
        }

        foreach (((uint ksock, uint flags, string name), int count) in _bindings)
        {
            byte[] binding = Binding(new WatchHead(number, moment, ksock, 0), flags, Encoding.Latin1.GetBytes(name));
            for (int i = 0; i < count; i++)
            {
                writer.Write((RecordKind)WatchRecordKind.PresentBinding, binding);
            }
        }

        Span<byte> end = bytes.AsSpan(0, WatchHead.Size);
        WatchWire.Write(ref end, new WatchHead(number, moment, 0, 0));
        writer.Write((RecordKind)WatchRecordKind.PresentEnd, bytes.AsSpan(0, WatchHead.Size));
    }

    private static byte[] Binding(in WatchHead head, uint flags, byte[] name)
    {
        byte[] bytes = new byte[WatchHead.Size + WatchName.Size + WatchWire.Padded(name.Length)];
        Span<byte> rest = bytes;
        WatchWire.Write(ref rest, head);
        WatchWire.Write(ref rest, new WatchName(flags, (uint)name.Length));
        WatchWire.Write(ref rest, name);
        return bytes;
    }

    private void NoteBinding(uint ksock, ReadOnlySpan<byte> rest, bool isBound)
    {
        if (!WatchWire.TryRead(ref rest, out WatchName told) || !WatchWire.TryRead(ref rest, told.Length, out ReadOnlySpan<byte> name))
        {
            return;
        }

        // A Ksock may listen to a name several times.
        (uint, uint, string) binding = (ksock, told.Flags & WatchName.Replier, Encoding.Latin1.GetString(name));
        int count = _bindings.GetValueOrDefault(binding) + (isBound ? 1 : -1);
        if (count > 0)
        {
            _bindings[binding] = count;
        }
        else
        {
            _bindings.Remove(binding);
        }
    }
}
