using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Sends a message and waits for the bus's answer; and what concerns the message that waits for room.</summary>
/// <remarks>Any thread may call. It has no lock.</remarks>
internal sealed class Sending(LinkLife life, CommandChannel channel, SendLedger ledger, MessageWriter writer, Inbox inbox, KsockMode mode)
{
    // The final outcome of a retry whose caller had stopped waiting for it.
    private LateRetry? _lateRetry;

    /// <summary>The id of the message last sent or tried.</summary>
    public Errno LastSent(out MessageId id)
    {
        Errno error = channel.Command(CommandCode.LastSent, 0, default, out Completion completion);
        id = completion.Id;
        return error;
    }

    /// <summary>Sends a message and waits for the bus's answer.</summary>
    public Errno Send(in OutgoingMessage message, SendManner manner, Deadline deadline, out MessageId id)
    {
        id = default;
        if (!life.TryEnter())
        {
            ledger.NotSent(message, Errno.EBADF);
            return Errno.EBADF;
        }

        channel.HearLate();
        Errno error = writer.Write(message, null, (manner & SendManner.Written) == 0, out ulong sequence, deadline);
        if (error == Errno.None)
        {
            error = channel.Await(sequence, out Completion completion, deadline);
            id = completion.Id;
            bool isOwed = ledger.IsOwedAnswer(message);
            if (CommandChannel.IsAbandoned(error))
            {
                Abandon(sequence, isOwed, message.Tag);
            }
            else
            {
                ledger.RecordSent(isOwed, message.Tag, error, id);
            }
        }
        else
        {
            ledger.NotSent(message, error);
        }

        return life.Leave(error);
    }

    /// <summary>The caller does not wait any longer.</summary>
    private void Abandon(ulong sequence, bool isOwed, uint tag) =>
        channel.Abandon(sequence, completion => ledger.RecordSent(isOwed, tag, (Errno)completion.Error, completion.Id));

    /// <summary>Tries the waiting message again.</summary>
    public Errno Retry(Deadline deadline, out MessageId id)
    {
        if (TakeLateRetry(out Errno late, out id))
        {
            return late;
        }

        int waiting = ledger.Waiting;
        Errno error = channel.Command(CommandCode.Retry, 0, default, out Completion completion, deadline, () => completed => RecordLateRetry(waiting, completed));
        id = completion.Id;
        if (!CommandChannel.IsAbandoned(error))
        {
            RecordRetry(waiting, error, id);
        }

        return error;
    }

    private void RecordRetry(int waiting, Errno error, MessageId id)
    {
        if (error is not (Errno.EAGAIN or Errno.EBADF or Errno.ENODEV))
        {
            ledger.RecordGone(waiting, error, id);
        }
    }

    /// <summary>A retry whose caller had stopped waiting was final: the next retry tells it.</summary>
    private void RecordLateRetry(int waiting, Completion completion)
    {
        var error = (Errno)completion.Error;
        if (error is not (Errno.EAGAIN or Errno.ENOMSG or Errno.ENODEV))
        {
            Volatile.Write(ref _lateRetry, new LateRetry(error, completion.Id));
        }

        RecordRetry(waiting, error, completion.Id);
    }

    private bool TakeLateRetry(out Errno error, out MessageId id)
    {
        LateRetry? late = null;
        if (life.TryEnter())
        {
            channel.HearLate();
            late = life.Leave(Volatile.Read(ref _lateRetry) is null ? null : Interlocked.Exchange(ref _lateRetry, null));
        }

        (error, id) = late is null ? default : (late.Error, late.Id);
        return late is not null;
    }

    /// <summary>Drops the waiting message. A bus that stands still does so before anything that comes later.</summary>
    public Errno Discard()
    {
        if (!life.TryEnter())
        {
            return Errno.EBADF;
        }

        channel.HearLate();
        int waiting = ledger.Waiting;
        Errno error = channel.Tell(CommandCode.Discard);
        if (error == Errno.EINPROGRESS)
        {
            // A bus that stands still discards it before it carries out anything that comes later.
            error = Errno.None;
        }

        if (error == Errno.None)
        {
            ledger.RecordGone(waiting, Errno.ECANCELED, default);
        }

        return life.Leave(error);
    }

    /// <summary>One poll: a waiting message is tried once.</summary>
    public Errno Poll(Deadline deadline, out bool readable, out bool writable)
    {
        readable = false;
        writable = false;
        if (ledger.IsSending)
        {
            return PollWaiting(deadline, out readable, out writable);
        }

        if (!life.TryEnter())
        {
            return Errno.EBADF;
        }

        readable = !life.IsLost && inbox.SomethingCanBeTaken();
        writable = (mode & KsockMode.Write) != 0 && !life.IsDead;
        return life.Leave(life.IsDead && !readable ? life.WhyNot() : Errno.None);
    }

    private Errno PollWaiting(Deadline deadline, out bool readable, out bool writable)
    {
        int waiting = ledger.Waiting;
        Errno error = channel.Command(
            CommandCode.Poll, 0, default, out Completion completion, deadline, () => completed => RecordPoll(waiting, (PollFlags)completed.Value));
        var flags = (PollFlags)completion.Value;
        readable = (flags & PollFlags.Readable) != 0;
        writable = (flags & PollFlags.Writable) != 0;
        RecordPoll(waiting, flags);
        return error;
    }

    private void RecordPoll(int waiting, PollFlags flags)
    {
        if ((flags & PollFlags.Writable) != 0)
        {
            // Sent, or failed for good with a Status on its way: in both cases one answer is due.
            Errno outcome = LastSent(out MessageId id);
            ledger.RecordGone(waiting, outcome, id);
        }
    }

    private sealed record LateRetry(Errno Error, MessageId Id);
}
