using Kbus.Core;
using Kbus.Links;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>What carries one Ksock's operations to its bus: a link to a daemon, or a bus in this process.</summary>
/// <remarks>
/// It adds no meaning: every result is the bus's. Expected refusals are errno values, never exceptions. Any thread may call;
/// commands from several threads take their turns. When the bus has died, what was already delivered can still be taken, each
/// Request in flight has been answered with a Status, and then every call gives ENODEV (D22). After <see cref="Dispose"/> calls give EBADF.
/// A call is over when the bus has answered. While the bus stands still, a call with a deadline ends at that with ETIMEDOUT, and a call of
/// a C program ends by a signal with EINTR: then nothing was done. EINPROGRESS instead means that the outcome is unknown (D25).
/// </remarks>
internal abstract class KsockHost : IDisposable
{
    /// <summary>A number greater than that of any post.</summary>
    public const ulong AllPosts = ulong.MaxValue;

    /// <summary>The bus's number.</summary>
    public abstract uint Device { get; }

    /// <summary>The Ksock's id on its bus.</summary>
    public abstract uint KsockId { get; }

    /// <summary>What the Ksock was opened for.</summary>
    public abstract KsockMode Mode { get; }

    /// <summary>The fault of the library that has ended this host; null if none has. All calls give ENODEV then.</summary>
    public virtual string? Fault => null;

    /// <summary>The bus's greatest entire message now, in bytes; for checking a header when it is complete.</summary>
    public abstract uint MaxMessageSize { get; }

    /// <summary>The Requests in flight, among them those whose answers this library awaits.</summary>
    public abstract Requests Requests { get; }

    /// <summary>True while a message waits to be sent (ALL_OR_WAIT, after EAGAIN).</summary>
    public abstract bool IsSending { get; }

    /// <summary>A descriptor that poll, select and epoll report readable exactly when a message can be taken, or the bus has died.</summary>
    /// <remarks>-1 if this host has none. Asking for it switches the exact keeping of that state on.</remarks>
    public abstract int Descriptor { get; }

    /// <summary>Binds or unbinds.</summary>
    public abstract Errno Bind(ReadOnlySpan<byte> name, bool isReplier);

    /// <summary>Ends a binding.</summary>
    public abstract Errno Unbind(ReadOnlySpan<byte> name, bool isReplier);

    /// <summary>Who is bound as replier with exactly this string, or who would get a Request of this name; 0 if nobody.</summary>
    public abstract Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier);

    /// <summary>Sends a message and gives the bus's answer: accepted or refused.</summary>
    /// <param name="message">The message; a bad name gives EBADMSG or ENAMETOOLONG, none EINVAL.</param>
    /// <param name="manner">How.</param>
    /// <param name="deadline">Until when a bus that stands still is waited for.</param>
    /// <param name="id">The id, with None and EAGAIN.</param>
    public abstract Errno Send(in OutgoingMessage message, SendManner manner, Deadline deadline, out MessageId id);

    /// <summary>Sends a message, and waits for the bus as long as it takes.</summary>
    public Errno Send(in OutgoingMessage message, SendManner manner, out MessageId id) => Send(message, manner, Deadline.Never, out id);

    /// <summary>Tries the waiting message again, and waits for the bus as long as it takes.</summary>
    public Errno Retry(out MessageId id) => Retry(Deadline.Never, out id);

    /// <summary>Tries the waiting message again (SEND while <see cref="IsSending"/>); ENOMSG if none waits.</summary>
    public abstract Errno Retry(Deadline deadline, out MessageId id);

    /// <summary>Drops the waiting message, if any.</summary>
    public abstract Errno Discard();

    /// <summary>One poll: readable before, and writable after, one retry of a waiting message.</summary>
    public abstract Errno Poll(Deadline deadline, out bool readable, out bool writable);

    /// <summary>Takes the next message, without waiting.</summary>
    /// <param name="target">Receives the message in its entire form.</param>
    /// <returns>None, ENOMSG if there is none, ENODEV, EBADF.</returns>
    public abstract Errno TryTake(MessageBuffer target);

    /// <summary>Takes messages until none is left or all targets have one, as one step.</summary>
    /// <param name="targets">Receive the messages in their order.</param>
    /// <param name="count">How many they are.</param>
    /// <returns>As for <see cref="TryTake"/>; None if there was one.</returns>
    public virtual Errno TryTakeSome(ReadOnlySpan<MessageBuffer> targets, out int count)
    {
        Errno error = TryTake(targets[0]);
        count = error == Errno.None ? 1 : 0;
        return error;
    }

    /// <summary>Takes messages that were read where they lie, as one step, as long as the reader goes on and they are small.</summary>
    /// <returns>How many were taken. If none, none of what was read counts, and the next is to be taken in another way.</returns>
    public virtual int TakeInPlace<T>(ref T reader)
        where T : struct, IMessageReader => 0;

    /// <summary>Whether a message can be taken, as far as a look tells that costs next to nothing.</summary>
    public virtual bool HasMessage => true;

    /// <summary>Takes the awaited answers that have come, and gives each to the Request that awaits it.</summary>
    /// <param name="own">The caller's own Request, for which nobody else need be woken; null if it has none.</param>
    public abstract void TakeAnswers(PendingAnswer? own);

    /// <summary>The caller awaits an answer no longer. If it has not come when this returns, it will be an ordinary message.</summary>
    /// <remarks>A bus that stands still hears of it when it goes on.</remarks>
    public abstract void GiveUp(PendingAnswer pending);

    /// <summary>Asks for, or sets, one number.</summary>
    /// <param name="setting">Which.</param>
    /// <param name="value">The argument, by the rules of spec section 7; ignored where there is none.</param>
    /// <param name="result">The number given back.</param>
    public abstract Errno Ask(Setting setting, uint value, out uint result);

    /// <summary>Id of the message last sent or tried.</summary>
    public abstract Errno LastSent(out MessageId id);

    /// <summary>Waits until a message can be taken, but only some microseconds, and only if that has been worth while lately.</summary>
    /// <param name="timeout">The caller's own limit.</param>
    /// <param name="forAnswer">True to wait for an awaited answer instead.</param>
    /// <returns>Whether it is worth looking again before going to sleep.</returns>
    public virtual bool WaitBriefly(TimeSpan timeout, bool forAnswer = false) => false;

    /// <summary>Begins to watch for news: a delivery, a reason to try a waiting send again, a discarded send, the bus's death, this Ksock's closing.</summary>
    /// <remarks>
    /// Who waits calls this, then looks for what it waits for, and then waits for news; so nothing is missed, and a queue in which
    /// other messages wait does not keep it from sleeping until its own comes. News before this call may count, news after it must.
    /// Called only by who is about to sleep: it may ask the bus to ring.
    /// </remarks>
    /// <param name="forAnswers">True for who awaits answers: they are news to it, and messages need not be.</param>
    /// <returns>What to hand to <see cref="WaitForNews"/> or <see cref="NotifyOfNews"/>.</returns>
    public abstract long WatchNews(bool forAnswers = false);

    /// <summary>Waits until there has been news. Several threads may wait; all of them are woken.</summary>
    /// <param name="since">What <see cref="WatchNews"/> gave before the caller looked and found nothing.</param>
    /// <param name="timeout">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever. It may come back a little early.</param>
    /// <returns>None; ETIMEDOUT if the time ran out first, or the thread is to end; EINTR if a signal handler has run and the host heeds signals.</returns>
    public abstract Errno WaitForNews(long since, TimeSpan timeout);

    /// <summary>Calls <paramref name="signal"/> once, from any thread, as soon as <see cref="WaitForNews"/> would return true.</summary>
    /// <remarks>For asynchronous waiting. The callback is quick and calls nothing here; it may come before this returns. A second call replaces the first.</remarks>
    public abstract void NotifyOfNews(long since, Action signal);

    /// <summary>Sends without waiting for the bus's answer, which <paramref name="done"/> gets, from any thread, in the order of sending.</summary>
    /// <remarks>
    /// Its size is looked at here. Name and data are copied before this returns. With no room for another command this waits for room, which the bus makes by itself.
    /// The answer is passed on when somebody happens to look for answers, as each call here may; who must have it looks by
    /// <see cref="LookForOutcome"/>, or asks to be told by <see cref="TellOutcome"/>.
    /// </remarks>
    /// <returns>A number to ask by.</returns>
    /// <param name="message">The message.</param>
    /// <param name="done">Gets the answer.</param>
    /// <param name="deadline">Until when there must be room for the command, should the bus stand still.</param>
    public abstract ulong Post(in OutgoingMessage message, IPostedSend done, Deadline deadline);

    /// <summary>Posts several messages in their order, as <see cref="Post"/> does each.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="run">Hears what becomes of them; it has begun for as many.</param>
    /// <returns>A number to ask by, for the last.</returns>
    public abstract ulong PostAll<T>(in T messages, SendRun run)
        where T : struct, IOutgoingMessages;

    /// <summary>Sends announcements for which no answer is wanted, in order with all else that is sent.</summary>
    /// <param name="announcements">The announcements.</param>
    /// <returns>None when all are on their way; EBADF or ENODEV if the Ksock is closed or its bus has died, and some may not be.</returns>
    public abstract Errno SendUnanswered<T>(ref T announcements)
        where T : struct, IAnnouncements;

    /// <summary>Passes on the outcome of a post, and of those before it, if the bus has answered or does so within microseconds.</summary>
    /// <param name="post">What <see cref="Post"/> gave.</param>
    public abstract void LookForOutcome(ulong post);

    /// <summary>Waits until the outcomes of a post and of those before it have been passed on.</summary>
    /// <param name="post">What <see cref="Post"/> gave; <see cref="AllPosts"/> for all that were made before.</param>
    /// <param name="deadline">Until when a bus that stands still is waited for.</param>
    /// <returns>None; ETIMEDOUT or EINTR if they have not all been passed on.</returns>
    public abstract Errno SettleOutcomes(ulong post, Deadline deadline);

    /// <summary>Waits until the outcomes of a post and of those before it have been passed on, as long as it takes.</summary>
    public Errno SettleOutcomes(ulong post) => SettleOutcomes(post, Deadline.Never);

    /// <summary>Takes a post back that the bus has not begun to carry out. Its outcome is passed on nevertheless: ECANCELED.</summary>
    /// <param name="post">What <see cref="Post"/> gave; its outcome has not been passed on.</param>
    /// <returns>Whether it will surely not be carried out.</returns>
    public abstract bool WithdrawPost(ulong post);

    /// <summary>Takes back what the bus has not begun to carry out of messages that were posted together, and tells the run of each that has no outcome.</summary>
    /// <remarks>Late outcomes still come to the run, which therefore is not used again.</remarks>
    public abstract void WithdrawRun(SendRun run);

    /// <summary>Sees to it that the outcome of a post is passed on as soon as the bus has answered, whether or not anybody looks.</summary>
    /// <param name="post">What <see cref="Post"/> gave.</param>
    public abstract void TellOutcome(ulong post);

    /// <summary>Sleeps until the descriptor is readable, a waiting send may be worth another try, or a signal handler has run.</summary>
    /// <remarks>For hosts that have a descriptor; it may come back for nothing. Not for who waits for an awaited answer.</remarks>
    /// <param name="forMessage">False if messages that can be taken are no reason to come back.</param>
    /// <param name="forRoom">Whether it is a reason not to sleep at all that no message waits to be sent any more.</param>
    /// <param name="looks">Whether the caller has begun to look (<see cref="BeginWait"/>).</param>
    /// <param name="timeout">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>None, or EINTR.</returns>
    public virtual Errno SleepOnDescriptor(bool forMessage, bool forRoom, bool looks, TimeSpan timeout) => throw new NotSupportedException();

    /// <summary>A call begins that may wait, of a Ksock whose descriptor is in use. <see cref="EndWait"/> follows.</summary>
    /// <param name="looks">
    /// Whether it takes what it waits for, so that the descriptor need not be right while the call is awake. If not, only reasons to try
    /// a waiting send again may make the descriptor readable meanwhile.
    /// </param>
    public virtual void BeginWait(bool looks)
    {
    }

    /// <summary>The end of what <see cref="BeginWait"/> began: the descriptor is right again.</summary>
    public virtual void EndWait(bool looks)
    {
    }

    /// <summary>Who was told that a message can be taken will find the descriptor readable, from when this returns, until it is taken.</summary>
    public virtual void AwaitRing()
    {
    }

    /// <summary>False if somebody else has closed the descriptor; then every call gives EBADF, and disposing of this only lets go of what is left.</summary>
    public virtual bool HasDescriptor => true;

    /// <summary>Whether <see cref="Dispose"/> may have to wait for a bus that is not in this process.</summary>
    public virtual bool ClosingWaits => true;

    /// <summary>Closes the Ksock. When this returns, everybody sees it closed.</summary>
    public abstract void Dispose();
}

/// <summary>Who hears the outcome of a <see cref="KsockHost.Post"/>.</summary>
internal interface IPostedSend
{
    /// <summary>The bus has answered, to some of what was posted together or to all of it, in the order of posting.</summary>
    /// <remarks>Whoever calls must not be kept. No lock of the poster's is held.</remarks>
    void Complete(ReadOnlySpan<SendOutcome> outcomes);
}
