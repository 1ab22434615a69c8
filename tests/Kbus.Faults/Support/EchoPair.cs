using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>Two well-behaved Ksocks of this process whose conversation shows that the bus lives and hurts nobody.</summary>
internal sealed class EchoPair : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly Ksock _replier;
    private readonly Ksock _requester;
    private readonly MessageBuffer _request = new();
    private readonly MessageBuffer _answer = new();
    private readonly byte[] _data = new byte[100_000];
    private ulong _number;

    public EchoPair(string directory)
    {
        _replier = ActorProgram.Open(directory);
        _requester = ActorProgram.Open(directory);
        _replier.Bind("$.Echo", replier: true);
    }

    /// <summary>One Request and its Reply, with data of that length. Gives how long it took.</summary>
    public TimeSpan Once(int length = 100)
    {
        long start = Stopwatch.GetTimestamp();
        Span<byte> data = _data.AsSpan(0, length);
        Content.Fill(data, ++_number);
        MessageId id = _requester.Send("$.Echo"u8, data, MessageFlags.WantAReply);
        Assert.True(_replier.WaitForMessage(_request, Patience), "the Request does not come");
        Assert.Equal(id, _request.Id);
        _replier.Reply(_request, _request.Data);
        Assert.True(_requester.WaitForMessage(_answer, Patience), "the Reply does not come");
        Assert.Equal(id, _answer.InReplyTo);
        Assert.True(_answer.Data.SequenceEqual(data), "the Reply is spoiled");
        return Stopwatch.GetElapsedTime(start);
    }

    public void Dispose()
    {
        _request.Dispose();
        _answer.Dispose();
        _replier.Dispose();
        _requester.Dispose();
    }
}
