using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kbus.Core;

// The books as bytes. Only what operations can see is saved: nothing of how names are hashed, which routes are known, whose sender has yet to
// be woken, or what is yet to be cleared away of closed Ksocks. So equal books give equal bytes, whatever the host and its history.
internal sealed partial class Bus
{
    // "KBUS" backwards, and what follows is of this version.
    private const uint BooksMagic = 0x4B425553;

    /// <summary>The version of the saved books. Books of another version are refused.</summary>
    public const uint BooksVersion = 2;

    /// <summary>The version of what operations do. It is raised when an operation on some books gives another outcome than before.</summary>
    public const uint SemanticsVersion = 2;

    /// <summary>A number by which buses with equal books are recognized: the first 16 bytes of the SHA-256 of the saved books.</summary>
    public UInt128 DigestOfBooks()
    {
        var writer = new BooksWriter();
        SaveBooks(writer);
        return DigestOf(writer.Written);
    }

    /// <summary>The first 16 bytes of the SHA-256 of bytes, as a number.</summary>
    public static UInt128 DigestOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Saves the books. The bytes of queued messages are with their carriers, and not among them.</summary>
    public void SaveBooks(BooksWriter writer)
    {
        writer.Write(BooksMagic);
        writer.Write(BooksVersion);
        SaveOptions(writer);
        writer.Write(MaxMessageSize);
        writer.Write(IsVerbose);
        writer.Write(ReportsBinds);
        writer.Write(_lastSerial);
        writer.Write(_lastKsockId);
        writer.Write(_deliveries);
        writer.Write(_losingEvents);
        var places = new BooksPlaces();
        SaveKsocks(writer);
        SaveBindings(writer, places);
        SaveDebts(writer, places);
        SaveQueues(writer, places);
        SaveWaiting(writer);
        SaveSetAside(writer, places);
        Charges.Save(writer);
    }

    private void SaveOptions(BooksWriter writer)
    {
        writer.Write(_options.DefaultMaxMessages);
        writer.Write(_options.DefaultMaxMessageSize);
        writer.Write(_options.AbsoluteMaxMessageSize);
        writer.Write(_options.MaxSetAsideEvents);
        writer.Write(_options.MaxQueuedBytes);
        writer.Write(_options.MaxBindings);
        writer.Write(_options.MaxRepeats);
        writer.Write(_options.MaxNameBytes);
        writer.Write(_options.MaxRequests);
        writer.Write(_options.MaxMessageBytes);
    }

    private void SaveKsocks(BooksWriter writer)
    {
        writer.Write(KsocksByAge.Count);
        for (KsockState? ksock = KsocksByAge.Oldest; ksock is not null; ksock = KsocksByAge.After(ksock))
        {
            KsockOwner owner = ksock.Owner;
            writer.Write(ksock.Id);
            writer.Write(ksock.CanWrite);
            writer.Write(owner.ProcessId);
            writer.Write(owner.UserId);
            writer.Write((byte)owner.Mode);
            writer.Write(owner.Process);
            writer.Write(owner.Node);
            writer.Write((byte)ksock.Refusal.Kind);
            writer.Write((byte)ksock.Refusal.Level);
            writer.Write(ksock.Refusal.Limit);
            writer.Write(ksock.MaxMessages);
            writer.Write(ksock.OnlyOnce);
            writer.Write(ksock.NetworkId);
            writer.Write(ksock.LastSent);
            writer.Write(ksock.LastPushed);
            writer.Write(ksock.LastDelivery);
            writer.Write((uint)ksock.LastNumber);
            writer.Write(ksock.Appended);
            writer.Write(ksock.Missed);
            writer.Write(ksock.HeldBytes);
            writer.Write(ksock.ReservedBytes);
            writer.Write(ksock.MaxOutstanding);
            writer.Write(ksock.MaxUnreplied);
            writer.Write(ksock.MissedPlaces is not null);
            ksock.MissedPlaces?.Save(writer);
        }
    }

    private void SaveBindings(BooksWriter writer, BooksPlaces places)
    {
        int leaving = 0;
        for (Binding? binding = _bindings.All.Oldest; binding is not null; binding = _bindings.All.After(binding))
        {
            leaving += binding.Ksock.IsOpen ? 0 : 1;
        }

        writer.Write(_bindings.All.Count - leaving);
        for (Binding? binding = _bindings.All.Oldest; binding is not null; binding = _bindings.All.After(binding))
        {
            if (binding.Ksock.IsOpen)
            {
                places.Add(binding);
                writer.Write(binding.Ksock.Id);
                writer.Write(binding.IsReplier);
                writer.Write(binding.Name.Name);
            }
        }
    }

    private void SaveDebts(BooksWriter writer, BooksPlaces places)
    {
        for (KsockState? sender = KsocksByAge.Oldest; sender is not null; sender = KsocksByAge.After(sender))
        {
            writer.Write(sender.Debts.Count);
            for (ReplyDebt? debt = sender.Debts.Oldest; debt is not null; debt = sender.Debts.After(debt))
            {
                places.Add(debt);
                writer.Write(debt.Replier.Id);
                writer.Write(debt.Id);
                writer.Write(debt.Tag);
                writer.Write(debt.State == DebtState.Owed);
            }
        }
    }

    private void SaveQueues(BooksWriter writer, BooksPlaces places)
    {
        for (KsockState? ksock = KsocksByAge.Oldest; ksock is not null; ksock = KsocksByAge.After(ksock))
        {
            writer.Write(ksock.Queue.Count);
            for (int i = 0; i < ksock.Queue.Count; i++)
            {
                ref readonly QueueEntry entry = ref ksock.Queue[i];
                writer.Write(entry.Number);
                writer.Write(entry.Length);
                writer.Write(places.Of(entry.Because));
                writer.Write(places.Of(entry.Debt));
            }

            SaveAnswers(writer, ksock.Answers);
            SaveUnreplied(writer, places, ksock);
        }
    }

    private static void SaveAnswers(BooksWriter writer, MessageQueue answers)
    {
        writer.Write(answers.Count);
        for (int i = 0; i < answers.Count; i++)
        {
            writer.Write(answers[i].Number);
            writer.Write(answers[i].Length);
            writer.Write(answers[i].Tag);
        }
    }

    private static void SaveUnreplied(BooksWriter writer, BooksPlaces places, KsockState replier)
    {
        uint toGone = replier.UnrepliedToGone;
        for (ReplyDebt? debt = replier.Unreplied.Oldest; debt is not null; debt = replier.Unreplied.After(debt))
        {
            toGone += debt.Sender.IsOpen ? 0u : 1;
        }

        writer.Write(toGone);
        writer.Write(replier.UnrepliedCount - toGone);
        for (ReplyDebt? debt = replier.Unreplied.Oldest; debt is not null; debt = replier.Unreplied.After(debt))
        {
            if (debt.Sender.IsOpen)
            {
                writer.Write(places.Of(debt));
            }
        }
    }

    private void SaveWaiting(BooksWriter writer)
    {
        writer.Write(_waitingSenders.Count);
        for (KsockState? sender = _waitingSenders.Oldest; sender is not null; sender = _waitingSenders.After(sender))
        {
            StoredMessage message = sender.Waiting!;
            writer.Write(sender.Id);
            writer.Write(sender.HoldsSlot);
            writer.Write(message.Tag);
            writer.Write(message.IsForRequesterAlone);
            writer.Write(message.IsForbidden);
            writer.Write(message, message.Header.Flags);
        }

        for (KsockState? full = KsocksByAge.Oldest; full is not null; full = KsocksByAge.After(full))
        {
            writer.Write(full.Blocked.Count);
            for (KsockState? sender = full.Blocked.Oldest; sender is not null; sender = full.Blocked.After(sender))
            {
                writer.Write(sender.Id);
            }
        }
    }

    private void SaveSetAside(BooksWriter writer, BooksPlaces places)
    {
        writer.Write(_withSetAside.Count);
        foreach (KsockState ksock in _withSetAside)
        {
            writer.Write(ksock.Id);
            writer.Write(ksock.SetAside.Count);
            foreach (SetAsideEvent waiting in ksock.SetAside)
            {
                writer.Write(places.Of(waiting.Binding));
                writer.Write(waiting.IsLostMarker);
                writer.Write(waiting.Message, waiting.Message.Header.Flags);
            }
        }
    }
}
