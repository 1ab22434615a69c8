using System.Text;

namespace Kbus.Core.Tests;

/// <summary>Writes down what a bus tells to whoever watches, in the model's words.</summary>
internal sealed class RecordingObserver : BusObserver
{
    public List<string> Events { get; } = [];

    public override void Opened(KsockState ksock) => Events.Add($"Ksock {ksock.Id} opens");

    public override void Closing(KsockState ksock) => Events.Add($"Ksock {ksock.Id} closes");

    public override void Bound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, Errno outcome) =>
        Events.Add($"Ksock {ksock.Id} binds {Encoding.Latin1.GetString(name)} {isReplier}: {outcome}");

    public override void Unbound(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier, bool isRevoked, Errno outcome) =>
        Events.Add($"Ksock {ksock.Id} {(isRevoked ? "loses" : "unbinds")} {Encoding.Latin1.GetString(name)} {isReplier}: {outcome}");

    public override void Message(in WatchedMessage message)
    {
        MessageHeader header = message.Message.Header;
        var naive = new NaiveMessage(
            Encoding.Latin1.GetString(message.Message.Name),
            message.Message.Data.ToArray(),
            header.Id,
            header.InReplyTo,
            header.To,
            header.From,
            header.Flags);
        Assert.True(message.CopyCount == message.Copies.Length || message.Copies.Length == Bus.MostWatchedCopies);
        Events.Add(NaiveBus.Print(message.Sender?.Id ?? 0, naive, message.Outcome, [.. Words(message.Copies)]));
    }

    public override void Set(KsockState ksock, Setting setting, uint value, Errno outcome) => Events.Add($"Ksock {ksock.Id} sets {setting} {value}: {outcome}");

    public override void LimitReached(KsockState ksock, QuotaRefusal refusal) => Events.Add($"Ksock {ksock.Id} may not have more {refusal.Kind}");

    private static List<string> Words(ReadOnlySpan<WatchedCopy> copies)
    {
        List<string> words = [];
        foreach (WatchedCopy copy in copies)
        {
            words.Add($"{copy.Ksock} {Word(copy.Fate)}");
        }

        return words;
    }

    private static string Word(CopyFate fate) => fate switch
    {
        CopyFate.SetAside => "set aside",
        CopyFate.NoRoom => "no room",
        _ => fate.ToString().ToLowerInvariant(),
    };
}
