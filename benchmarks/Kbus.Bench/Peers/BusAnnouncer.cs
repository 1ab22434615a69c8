using System.Buffers.Binary;
using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>Announces with many sends in flight, never too far ahead of the slowest listener, so that nobody misses anything.</summary>
internal sealed class BusAnnouncer(ActorArguments given, MessageBuffer buffer)
{
    private const int Window = 512;
    private readonly ValueTask<MessageId>[] _inFlight = new ValueTask<MessageId>[Window];
    private readonly byte[] _data = new byte[given.Size];
    private readonly ulong[] _heard = new ulong[given.Listeners];
    private readonly bool[] _saidHello = new bool[given.Listeners];
    private ulong _number;
    private ulong _slowest;

    /// <summary>Plays the role.</summary>
    public void Tell()
    {
        using Ksock ksock = given.Open();
        ksock.Bind(BusListener.Credits);
        FindListeners(ksock);
        TellFor(ksock, given.WarmUp, Mark.Sync).GetAwaiter().GetResult();
        ulong before = _number;
        long start = Stopwatch.GetTimestamp();
        TellFor(ksock, given.Milliseconds, Mark.Last).GetAwaiter().GetResult();
        Console.WriteLine(FormattableString.Invariant($"count={_number - before} start_ns={start}"));
    }

    private void FindListeners(Ksock ksock)
    {
        while (_saidHello.Contains(false))
        {
            Mark.Write(_data, Mark.Hello);
            ksock.Send("$.Bench.Tell"u8, _data);
            while (_saidHello.Contains(false) && ksock.WaitForMessage(buffer, TimeSpan.FromMilliseconds(50)))
            {
                TakeCredit();
            }
        }
    }

    private async Task TellFor(Ksock ksock, long milliseconds, ulong lastMark)
    {
        ulong every = given.Size > 65536 ? 1UL : 64, behind = (ulong)given.Behind;
        long end = Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000);
        bool isLast = false;
        while (!isLast)
        {
            isLast = _number % every == 0 && Stopwatch.GetTimestamp() >= end;
            int place = (int)(++_number % Window);
            await _inFlight[place];
            Mark.Write(_data, isLast ? _number | lastMark : _number);
            _inFlight[place] = ksock.SendAsync("$.Bench.Tell"u8, _data);
            while (_number % every == 0 && ksock.TryReadNext(buffer))
            {
                TakeCredit();
            }

            while (_number - _slowest >= behind && ksock.WaitForMessage(buffer))
            {
                TakeCredit();
            }
        }

        for (int i = 0; i < Window; i++)
        {
            await _inFlight[i];
            _inFlight[i] = default;
        }

        while (_slowest < _number && ksock.WaitForMessage(buffer))
        {
            TakeCredit();
        }
    }

    private void TakeCredit()
    {
        ulong index = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Data);
        ulong heard = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Data[8..]);
        _saidHello[index] = true;
        _heard[index] = Math.Max(_heard[index], heard);
        _slowest = _heard.Min();
    }
}
