using Kbus.Core;
using Kbus.Tests;

namespace Kbus.Limpets.Tests;

public sealed class OutboxTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly HandClock _clock = new();
    private readonly GateStream _stream = new();
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _stream.Dispose();
        _clock.Dispose();
    }

    [Fact]
    public void What_was_added_is_written_whole_and_in_its_order()
    {
        Outbox outbox = Make(1 << 20);
        for (uint i = 1; i <= 3000; i++)
        {
            Add(outbox, i, (int)(i * 7 % 500));
            if (i % 100 == 0)
            {
                outbox.Flush();
            }
        }

        _stream.Open();
        outbox.Drain(Limit);
        Assert.Equal(0, outbox.Waiting);
        var reader = new FrameReader(new MemoryStream(_stream.Written), 1000);
        var header = default(MessageHeader);
        for (uint i = 1; i <= 3000;)
        {
            if (reader.TryRead(ref header))
            {
                Assert.Equal(i, header.Id.SerialNumber);
                Assert.Equal((int)(i++ * 7 % 500), reader.Data.Length);
            }
            else
            {
                Assert.True(reader.Fill());
            }
        }
    }

    [Fact]
    public void While_the_peer_takes_there_is_room_though_the_limit_is_small()
    {
        _stream.Open();
        Outbox outbox = Make(100);
        for (uint i = 1; i < 1000; i++)
        {
            Assert.True(outbox.WaitForRoom());
            Add(outbox, i, 90);
        }
    }

    [Fact]
    public void When_it_is_full_and_the_peer_takes_nothing_for_a_second_there_is_no_room_until_it_takes_again()
    {
        Outbox outbox = Make(100);
        Add(outbox, 1, 200);
        outbox.Flush();
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(outbox.WaitForRoom());
        Assert.False(outbox.WaitForRoom());
        Assert.Equal(TimeSpan.FromSeconds(2), outbox.StalledFor);
        _stream.Open();
        outbox.Drain(Limit);
        Assert.True(outbox.WaitForRoom());
        Assert.Equal(TimeSpan.Zero, outbox.StalledFor);
    }

    [Fact]
    public async Task While_the_peer_takes_little_but_steadily_it_is_waited_for()
    {
        Outbox outbox = Make(100);
        Add(outbox, 1, 200);
        outbox.Flush();
        for (int i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(0.9));
            _stream.Progressed!();
        }

        Assert.Equal(TimeSpan.Zero, outbox.StalledFor);
        Task<bool> waiting = Task.Run(outbox.WaitForRoom, TestContext.Current.CancellationToken);
        _stream.Open();
        Assert.True(await waiting.WaitAsync(Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Who_has_been_given_up_is_not_when_a_little_has_been_taken()
    {
        Outbox outbox = Make(100);
        Add(outbox, 1, 200);
        outbox.Flush();
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(outbox.WaitForRoom());
        _stream.Progressed!();
        Assert.Equal(TimeSpan.Zero, outbox.StalledFor);
        _stream.Open();
        Assert.True(outbox.WaitForRoom());
    }

    [Fact]
    public async Task A_broken_stream_is_told_once_and_nothing_waits_any_more()
    {
        Outbox outbox = Make(100);
        Add(outbox, 1, 200);
        outbox.Flush();
        _stream.Break();
        _stream.Open();
        Assert.IsType<IOException>(await _broken.Task.WaitAsync(Limit, TestContext.Current.CancellationToken));
        Add(outbox, 2, 200);
        outbox.Flush();
        outbox.Drain(Limit);
        Assert.Equal(0, outbox.Waiting);
        Assert.True(outbox.WaitForRoom());
    }

    private Outbox Make(int limit) => new(_stream, limit, _clock, e => _broken.SetResult(e));

    private static void Add(Outbox outbox, uint serial, int length)
    {
        var frames = new FrameWriter();
        frames.Add(new MessageHeader { Id = new MessageId(1, serial) }, "$.A"u8, new byte[length]);
        outbox.Take(ref frames);
    }

    /// <summary>A stream that takes nothing until it is opened.</summary>
    private sealed class GateStream : MemoryStream, IProgressing
    {
        public Action? Progressed { get; set; }

        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MemoryStream _written = new();
        private volatile bool _isBroken;

        public byte[] Written => _written.ToArray();

        public void Open() => _open.TrySetResult();

        public void Break() => _isBroken = true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _open.Task.ConfigureAwait(false);
            if (_isBroken)
            {
                throw new IOException("broken");
            }

            _written.Write(buffer.Span);
        }
    }
}
