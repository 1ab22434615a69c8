using System.Runtime.CompilerServices;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Sends without waiting for the bus's answer: one message, a run of messages, or announcements whose answer nobody
/// wants.</summary>
/// <remarks>Commands of a run are written under the command lock, some at a time. Any thread may call.</remarks>
internal sealed class Posting(LinkLife life, CommandChannel channel, SendLedger ledger, PostedOutcomes outcomes, MessageWriter writer)
{
    private const ulong PostsBetweenDrains = 32;
    /// <summary>The most commands of a run that are written under one hold of the command lock.</summary>
    public const int PostsAtOnce = 32;

    // Commands of a run that have been written and not yet been entered there.
    private ulong _firstUnentered;
    private int _unentered;

    /// <summary>Sends a message; <paramref name="done"/> gets the outcome.</summary>
    /// <returns>The post's number; 0 if it was not posted.</returns>
    public ulong Post(in OutgoingMessage message, IPostedSend done, Deadline deadline)
    {
        if (!life.TryEnter())
        {
            return NotPosted(message, done, Errno.EBADF);
        }

        channel.HearLate();
        Errno error = writer.Write(message, done, checksSize: true, out ulong sequence, deadline);
        if (error != Errno.None)
        {
            life.Leave(error);
            return NotPosted(message, done, error);
        }

        if (sequence % PostsBetweenDrains == 0)
        {
            outcomes.DrainPosted();
        }

        return life.Leave(sequence);
    }

    private ulong NotPosted(in OutgoingMessage message, IPostedSend done, Errno error)
    {
        ledger.NotSent(message, error);
        done.Complete([new SendOutcome(error, default)]);
        return 0;
    }

    /// <summary>Sends messages in their order; the run gets the outcomes.</summary>
    /// <returns>The number of the last post.</returns>
    public ulong PostAll<T>(in T messages, SendRun run)
        where T : struct, IOutgoingMessages
    {
        if (!life.TryEnter())
        {
            for (int i = 0; i < messages.Count; i++)
            {
                run.Fail(i, Errno.EBADF);
            }

            run.Posted(0);
            return 0;
        }

        channel.HearLate();
        ulong last = 0;
        int posted = 0;
        for (int i = 0; i < messages.Count; i += PostsAtOnce)
        {
            int end = Math.Min(messages.Count, i + PostsAtOnce);
            Errno error = channel.LockCommands(Deadline.Never);
            if (error == Errno.None)
            {
                posted += PostSome(messages, run, i, end, ref last);
            }
            else
            {
                run.Fail(i, end, error);
            }

            channel.Ring();
            outcomes.DrainPosted();
        }

        run.Posted(posted);
        return life.Leave(last);
    }

    /// <summary>Posts some messages under one lock, which costs more than to write one. The caller has taken it, and this lets go of
    /// it.</summary>
    /// <returns>How many were posted.</returns>
    private int PostSome<T>(in T messages, SendRun run, int first, int end, ref ulong last)
        where T : struct, IOutgoingMessages
    {
        try
        {
            return WriteSome(messages, run, first, end, ref last);
        }
        finally
        {
            // Whatever happens, what was written is sent.
            EnterPosted(run);
            channel.Publish();
            channel.UnlockCommands();
        }
    }

    private int WriteSome<T>(in T messages, SendRun run, int first, int end, ref ulong last)
        where T : struct, IOutgoingMessages
    {
        int posted = 0;
        for (int i = first; i < end; i++)
        {
            Errno error = messages.TryGet(i, out OutgoingMessage message);
            if (error == Errno.None)
            {
                error = WriteOne(message, messages.AreChecked, run, ref last);
            }

            if (error == Errno.None)
            {
                posted++;
            }
            else
            {
                run.Fail(i, error);
            }
        }

        return posted;
    }

    /// <summary>Writes one message of a run; the shortest way is that of what most runs are made of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno WriteOne(in OutgoingMessage message, bool isChecked, SendRun run, ref ulong last)
    {
        if (message.Header.IsRequest)
        {
            EnterPosted(run);
            return writer.WriteLocked(message, run, checksSize: true, out last, Deadline.Never);
        }

        ulong sequence;
        Errno error;
        if (message.Header.IsReply || !MessageWriter.IsInline(message))
        {
            error = writer.WriteLocked(message, null, checksSize: true, out sequence, Deadline.Never);
        }
        else
        {
            error = isChecked ? writer.CheckName(message) : writer.Check(message, checksSize: true);
            sequence = 0;
            if (error == Errno.None)
            {
                error = writer.WriteInline(message, wantsCompletion: true, default, out sequence, Deadline.Never);
            }
        }

        if (error == Errno.None)
        {
            last = sequence;
            if (_unentered++ == 0)
            {
                _firstUnentered = sequence;
            }
        }

        return error;
    }

    /// <summary>Enters the commands that have been written for a run and are no Requests: all together, under the first of them.</summary>
    private void EnterPosted(SendRun run)
    {
        if (_unentered > 0)
        {
            outcomes.Enter(_firstUnentered, new Posted(run, _unentered, IsRequest: false, Tag: 0));
            _unentered = 0;
        }
    }

    /// <summary>Sends announcements for which no answer is wanted.</summary>
    public Errno SendUnanswered<T>(ref T announcements)
        where T : struct, IAnnouncements
    {
        if (!life.TryEnter())
        {
            return Errno.EBADF;
        }

        try
        {
            Errno error = Errno.None;
            while (error == Errno.None && announcements.TryNext(out OutgoingMessage message))
            {
                error = SendSomeUnanswered(message, ref announcements);
                channel.Ring();
            }

            return error;
        }
        finally
        {
            life.Leave(0);
        }
    }

    /// <summary>Sends an announcement and some that come behind it, under one lock.</summary>
    private Errno SendSomeUnanswered<T>(scoped OutgoingMessage message, ref T announcements)
        where T : struct, IAnnouncements
    {
        Errno locked = channel.LockCommands(Deadline.Never);
        if (locked == Errno.None)
        {
            try
            {
                int left = PostsAtOnce;
                do
                {
                    Errno error = writer.Check(message, checksSize: true);
                    if (error != Errno.None)
                    {
                        announcements.Refuse(error);
                    }
                    else if ((error = writer.WriteInline(message, wantsCompletion: false, default, out _, Deadline.Never)) != Errno.None)
                    {
                        return error;
                    }
                }
                while (--left > 0 && announcements.TryNext(out message));
                return Errno.None;
            }
            finally
            {
                // Whatever happens, what was written is sent.
                channel.Publish();
                channel.UnlockCommands();
            }
        }

        return locked;
    }
}
