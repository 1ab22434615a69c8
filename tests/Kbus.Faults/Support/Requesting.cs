using System.Text;

namespace Kbus.Faults;

/// <summary>A Ksock that sends Requests without waiting, and counts their answers: each that was accepted gets exactly one (P2).</summary>
internal sealed class Requesting(Ksock ksock) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly MessageBuffer _buffer = new();
    private readonly HashSet<MessageId> _waiting = [];
    private readonly HashSet<MessageId> _answered = [];

    public int Accepted { get; private set; }

    public int Replies { get; private set; }

    public int Statuses { get; private set; }

    public int Waiting => _waiting.Count;

    public Dictionary<Errno, int> Refused { get; } = [];

    /// <summary>Sends a Request, if the bus accepts it.</summary>
    public Errno Send(string name, ReadOnlySpan<byte> data)
    {
        Errno error = ksock.TrySend(Encoding.ASCII.GetBytes(name), data, MessageFlags.WantAReply, out MessageId id);
        if (error == Errno.None)
        {
            Accepted++;
            Assert.True(_waiting.Add(id), $"the id {id} was given twice");
        }
        else
        {
            Refused[error] = Refused.GetValueOrDefault(error) + 1;
        }

        return error;
    }

    /// <summary>Reads the answers that have come.</summary>
    public void ReadAll()
    {
        while (ksock.TryReadNext(_buffer))
        {
            Note();
        }
    }

    /// <summary>Reads one answer, waiting for it.</summary>
    public bool ReadOne()
    {
        if (!ksock.WaitForMessage(_buffer, Patience))
        {
            return false;
        }

        Note();
        return true;
    }

    /// <summary>Reads until every Request has been answered.</summary>
    public void Finish()
    {
        while (_waiting.Count > 0)
        {
            Assert.True(ReadOne(), $"never answered: {string.Join(", ", _waiting.Take(5))}; of {Accepted} accepted {_waiting.Count}");
        }

        ReadAll();
        Assert.Equal(Accepted, Replies + Statuses);
    }

    public override string ToString() =>
        $"{Accepted} accepted, {Replies} replies, {Statuses} statuses, refused: {string.Join(", ", Refused.Select(r => $"{r.Key} {r.Value}"))}";

    public void Dispose() => ksock.Dispose();

    private void Note()
    {
        MessageId id = _buffer.InReplyTo;
        Assert.True(_buffer.IsReply, $"not an answer: {_buffer}");
        Assert.True(_answered.Add(id), $"answered twice: {_buffer}");
        Assert.True(_waiting.Remove(id), $"answered but never accepted: {_buffer}");
        // One that a Limpet brought is not SYNTHETIC any more.
        if (_buffer.IsSynthetic || _buffer.Name.StartsWith("$.KBUS."u8))
        {
            Statuses++;
            return;
        }

        Replies++;
        Assert.True(Content.IsWhole(_buffer.Data), $"spoiled data in {_buffer.Id}, {_buffer.Data.Length} bytes");
    }
}
