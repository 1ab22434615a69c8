using System.Buffers.Binary;
using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>Announces with several batches in flight, never too far ahead of the slowest listener, so that nobody misses anything.</summary>
internal sealed class BusAnnouncer(ActorArguments given, MessageBuffer buffer)
{
    private const int Window = 12;
    private readonly MessageBatch[] _batches = [.. Enumerable.Range(0, Window).Select(_ => new MessageBatch())];
    private readonly ValueTask<int>[] _inFlight = new ValueTask<int>[Window];
    private readonly int _together = given.Size > 65536 ? 1 : 64;
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
        ulong behind = (ulong)given.Behind;
        long end = Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000);
        bool isLast = false;
        for (int place = 0; !isLast; place = (place + 1) % Window)
        {
            isLast = Stopwatch.GetTimestamp() >= end;
            await Land(place);
            Fill(_batches[place], isLast ? lastMark : 0);
            _inFlight[place] = ksock.SendAsync(_batches[place]);
            while (ksock.TryReadNext(buffer))
            {
                TakeCredit();
            }

            while (_number - _slowest >= behind && ksock.WaitForMessage(buffer))
            {
                TakeCredit();
            }
        }

        for (int place = 0; place < Window; place++)
        {
            await Land(place);
        }

        while (_slowest < _number && ksock.WaitForMessage(buffer))
        {
            TakeCredit();
        }
    }

    private void Fill(MessageBatch batch, ulong markOfLast)
    {
        for (int i = 1; i <= _together; i++)
        {
            _number++;
            Mark.Write(_data, i == _together ? _number | markOfLast : _number);
            batch.Add("$.Bench.Tell"u8, _data);
        }
    }

    private async ValueTask Land(int place)
    {
        int sent = await _inFlight[place];
        _inFlight[place] = default;
        if (sent != _batches[place].Count)
        {
            throw new InvalidOperationException($"Only {sent} announcements of {_batches[place].Count} were sent.");
        }

        _batches[place].Clear();
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
