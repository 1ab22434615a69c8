using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>The rules of a Limpet for programs in C, which have their own loop, socket and messages.</summary>
/// <remarks>
/// Such a program passes what it reads from its Ksock or its peer to this type, and then sends it on itself. It starts no thread. What
/// should happen after a while (a binding tried again) happens with a later call. Any thread may call. Spec section 11.3.
/// </remarks>
internal sealed unsafe class BareLimpet : IDisposable
{
    private const long MostTicks = 10;

    private readonly Ksock _ksock;
    private readonly CallersTime _time = new();
    private readonly LimpetRules _rules;
    private readonly Lock _fromBus = new();
    private readonly Lock _fromPeer = new();
    private long _ticked;

    /// <summary>Marks the Ksock as a Limpet's and starts listening on its bus. Spec section 12.3.</summary>
    /// <param name="ksock">The program's Ksock. It stays the program's.</param>
    /// <param name="networkId">The Limpet's own network id.</param>
    /// <param name="peerId">The peer's network id.</param>
    /// <param name="name">The name to listen to.</param>
    /// <exception cref="ArgumentException">A network id is 0.</exception>
    /// <exception cref="KbusException">A binding could not be made, or there are more repliers than fit in the queue (EBUSY).</exception>
    public BareLimpet(Ksock ksock, uint networkId, uint peerId, string name)
    {
        ArgumentOutOfRangeException.ThrowIfZero(peerId);
        _ksock = ksock;
        _ticked = _time.GetTimestamp();
        _rules = new LimpetRules(ksock, peerId, new LimpetOptions { NetworkId = networkId, Time = _time }, sendProbe: null);
        _rules.Begin([name]);
    }

    /// <summary>Looks at a message that was read from the bus.</summary>
    /// <remarks>A Request that cannot be carried is answered on the bus before this returns.</remarks>
    /// <param name="header">Its header, which is changed where it lies.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data.</param>
    /// <param name="isCarried">True if it goes to the peer.</param>
    /// <returns>None; ELOOP if Limpets join buses in a ring; EOVERFLOW if the bus could not report every replier that left. After these the
    /// link should end.</returns>
    public Errno FromBus(byte* header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, out bool isCarried)
    {
        Look();
        lock (_fromBus)
        {
            ref MessageHeader message = ref *(MessageHeader*)header;
            Verdict verdict = _rules.FromBus(ref message, name, data, out Errno error);
            if (verdict == Verdict.Answer)
            {
                AnswerOnBus(message, error);
            }

            isCarried = verdict == Verdict.Carry;
            return verdict switch
            {
                Verdict.Loop => Errno.ELOOP,
                Verdict.EventsLost => Errno.EOVERFLOW,
                _ => Errno.None,
            };
        }
    }

    /// <summary>Looks at a message that the peer sent. Bindings are made and ended here.</summary>
    /// <param name="header">Its header, which is changed where it lies.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data, a bind event's in this machine's order.</param>
    /// <param name="isCarried">True if it is to be sent on the bus.</param>
    /// <param name="answer">The answer to send to the peer instead, if any.</param>
    /// <returns>None; ELOOP if Limpets join buses in a ring; EBADMSG if it is a bind event that says nothing.</returns>
    public Errno FromPeer(byte* header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, out bool isCarried, out LimpetAnswer? answer)
    {
        Look();
        isCarried = false;
        answer = null;
        lock (_fromPeer)
        {
            try
            {
                ref MessageHeader message = ref *(MessageHeader*)header;
                Verdict verdict = _rules.FromPeer(ref message, name, data, out Errno error);
                isCarried = verdict == Verdict.Carry;
                answer = verdict == Verdict.Answer ? AnswerTo(message, error) : null;
                return verdict == Verdict.Loop ? Errno.ELOOP : Errno.None;
            }
            catch (WireException)
            {
                return Errno.EBADMSG;
            }
        }
    }

    /// <summary>The bus has refused a message of the peer. A Ksock that waits for an answer gets this one.</summary>
    /// <param name="header">Its header, as it was to be sent.</param>
    /// <param name="error">Why it was refused. With EAGAIN it waits on the Ksock, and is discarded there.</param>
    /// <returns>The answer to send to the peer, if any. A Ksock of this bus that waits is answered before this returns.</returns>
    public LimpetAnswer? CouldNotSend(byte* header, Errno error)
    {
        if (error == Errno.EAGAIN)
        {
            // Waiting for a full queue would delay everything else that the peer sends.
            _ = _ksock.Bare.Discard();
        }

        ref MessageHeader message = ref *(MessageHeader*)header;
        if (LimpetRules.IsAwaitedHere(message, error))
        {
            AnswerOnBus(new MessageHeader { Id = message.InReplyTo, From = message.To }, error);
        }

        return LimpetRules.MustBeAnswered(message) ? AnswerTo(message, error) : null;
    }

    /// <summary>Tries no binding any more. The Ksock stays as it is.</summary>
    public void Dispose() => _rules.Dispose();

    private static LimpetAnswer AnswerTo(in MessageHeader request, Errno error)
    {
        byte[] name = LimpetRules.AnswerTo(request, error, out MessageHeader answer);
        return new LimpetAnswer(name, answer.To, answer.InReplyTo);
    }

    private void AnswerOnBus(in MessageHeader request, Errno error)
    {
        byte[] name = LimpetRules.AnswerTo(request, error, out MessageHeader answer);

        // Who cannot be answered now is answered by the bus when the Ksock closes.
        _ = _ksock.Submit(answer, name, default, out _);
    }

    /// <summary>Lets time pass for the rules, which know it in seconds.</summary>
    private void Look()
    {
        long ticked = Volatile.Read(ref _ticked);
        long now = _time.GetTimestamp();
        long seconds = (now - ticked) / _time.TimestampFrequency;
        if (seconds > 0 && Interlocked.CompareExchange(ref _ticked, now, ticked) == ticked)
        {
            for (long i = 0; i < Math.Min(seconds, MostTicks); i++)
            {
                _rules.Tick();
            }
        }

        _time.Look();
    }
}
