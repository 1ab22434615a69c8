using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Fuzz;

/// <summary>The processes that an input speaks for: up to four links, of two users, which do what the bytes say.</summary>
internal sealed class Crowd(FuzzedBus bus) : IDisposable
{
    private const int Seats = 4;
    private const int MostLinks = 12;
    private const int Pending = 8;

    private readonly RawLink?[] _links = new RawLink?[Seats];
    private readonly List<RawLink> _gone = [];
    private readonly Queue<(int Seat, int Moment, int Offset, ulong Word)> _inside = new();
    private ulong _sequence = 16;
    private int _opened;
    private int _moment;

    /// <summary>Does the next act of an input.</summary>
    public void Act(ref InputReader input)
    {
        byte what = input.Byte();
        int seat = what & (Seats - 1);
        int act = what >> 2;
        switch (act)
        {
            case 5:
                _ = At(seat)?.Take();
                break;
            case 6:
                Rounds(input.Byte());
                break;
            case 7:
                _moment = 0;
                bus.Rest();
                break;
            case 8:
                Go(seat, dies: (input.Byte() & 1) != 0);
                break;
            case 10:
                bus.Wait(input.Word() * 1000L);
                break;
            default:
                if (At(seat) is { } link)
                {
                    Write(link, seat, act, ref input);
                }

                break;
        }
    }

    /// <summary>Inside what the bus does, a process may write.</summary>
    public void MomentHasCome()
    {
        _moment++;
        while (_inside.TryPeek(out (int Seat, int Moment, int Offset, ulong Word) next) && next.Moment <= _moment)
        {
            _inside.Dequeue();
            _links[next.Seat]?.Scribble(next.Offset, next.Word);
        }
    }

    /// <summary>All go.</summary>
    public void Leave()
    {
        for (int seat = 0; seat < Seats; seat++)
        {
            Go(seat, dies: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RawLink? link in _links.Concat(_gone))
        {
            link?.Dispose();
        }
    }

    private void Rounds(int count)
    {
        _moment = 0;
        for (int i = 0; i <= (count & 7); i++)
        {
            bus.Thread.Round(mayRest: (count & 8) != 0, continues: (count & 16) != 0);
        }
    }

    private RawLink? At(int seat)
    {
        if (_links[seat] is null && _opened < MostLinks)
        {
            _opened++;
            KsockMode mode = _opened % 5 == 0 ? KsockMode.Read : KsockMode.ReadWrite;
            _links[seat] = new RawLink(bus, 1 + (seat & 1) + (10 * (seat >> 1)), (uint)(1 + (seat >> 1)), mode);
        }

        return _links[seat];
    }

    private void Go(int seat, bool dies)
    {
        if (_links[seat] is { } link)
        {
            link.Leave(dies);
            _gone.Add(link);
            _links[seat] = null;
        }
    }

    private void Write(RawLink link, int seat, int act, ref InputReader input)
    {
        switch (act)
        {
            case 0:
                link.Command((CommandCode)input.Byte(), input.Byte(), ++_sequence, input.Bytes(input.Word() & 0x3FF));
                break;
            case 1:
                Send(link, ref input);
                break;
            case 2:
                link.Command(new CommandRecord(input.DoubleWord(), input.Word(), input.Word(), input.QuadWord()), input.Bytes(input.Byte()));
                break;
            case 3:
                link.Scribble(input.Word(), input.QuadWord());
                break;
            case 4:
                byte ring = input.Byte();
                link.ScribbleRing((ring & 1) != 0, input.Word(), input.Bytes(ring >> 1));
                break;
            case 9:
                link.Command((CommandCode)input.Byte(), 0, ++_sequence, default);
                break;
            case 11:
                (MessageHeader begun, byte[] name) = Header(link, ref input);
                link.Command(CommandCode.SendBegin, (ushort)(input.Byte() & 1), 0, Composed.Head(begun, name, input.Word() * 4u));
                break;
            case 12:
                link.Command(CommandCode.SendPart, 0, ++_sequence, new byte[Math.Min((int)input.Word(), MessageSizes.PartLength)]);
                break;
            case 13:
                if (_inside.Count < Pending)
                {
                    _inside.Enqueue((seat, input.Byte(), input.Word(), input.QuadWord()));
                }

                break;
            case 14:
                ushort setting = input.Byte();
                uint argument = input.DoubleWord();
                if (setting != (ushort)Setting.NewDevice)
                {
                    link.Command(CommandCode.Ask, setting, ++_sequence, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in argument)));
                }

                break;
            case 15:
                byte how = input.Byte();
                CommandCode code = (how & 0x30) switch { 0 => CommandCode.Bind, 0x10 => CommandCode.Unbind, 0x20 => CommandCode.FindReplier, _ => CommandCode.Bind };
                link.Command(code, (ushort)(how >> 6), ++_sequence, Composed.Name(how));
                break;
            case 16:
                ulong number = input.Byte();
                link.Command(CommandCode.Release, 0, ++_sequence, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number)));
                break;
        }
    }

    private void Send(RawLink link, ref InputReader input)
    {
        (MessageHeader header, byte[] name) = Header(link, ref input);
        byte how = input.Byte();
        link.Command(CommandCode.Send, (ushort)(how & 1), ++_sequence, Composed.Entire(header, name, input.Bytes(how >> 1)));
    }

    /// <summary>A header that goes well with what has come: an answer to the message that was taken last, or anything.</summary>
    private static (MessageHeader Header, byte[] Name) Header(RawLink link, ref InputReader input)
    {
        byte how = input.Byte();
        var header = new MessageHeader { Flags = (MessageFlags)input.Word() };
        if ((how & 0x08) != 0 && link.LastTaken is { } taken)
        {
            header.InReplyTo = taken.Id;
            header.To = taken.From;
            return (header, link.LastName);
        }

        if ((how & 0x10) != 0)
        {
            header.To = input.Byte();
        }

        if ((how & 0x20) != 0)
        {
            header.Id = new MessageId(input.Byte(), input.Byte());
            header.InReplyTo = new MessageId(0, input.Byte());
        }

        return (header, Composed.Name(how));
    }
}
