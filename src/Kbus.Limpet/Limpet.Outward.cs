using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <content>The thread that waits for the bus.</content>
public sealed partial class Limpet
{
    private const int WorthWriting = 64 * 1024;
    private const int TakenAtOnce = 32;
    private const int LargestKept = 64 * 1024;
    private readonly MessageBuffer[] _taken = [.. Enumerable.Range(0, TakenAtOnce).Select(_ => new MessageBuffer())];
    private FrameWriter _outward = new();
    private bool _isMissing;
    private long _missedBefore;

    private void CarryOutward()
    {
        try
        {
            while (_ending is null)
            {
                if (CarryPlain())
                {
                    continue;
                }

                int count = TakeSome();
                for (int i = 0; i < count && _ending is null; i++)
                {
                    CarryOutward(_taken[i]);

                    // Big data stays the bus's until then, or fills a buffer that nothing else needs.
                    _taken[i].Clear();
                    if (_taken[i].Capacity > LargestKept)
                    {
                        _taken[i] = new MessageBuffer();
                    }
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The link has ended, and its Ksock with it.
        }
        catch (KbusException e)
        {
            // Its last words are answers to Requests that came from the peer.
            WriteOutward();
            End(LimpetEndingKind.BusGone, $"Bus {_options.Device}: {e.Message}");
        }
        catch (Exception e)
        {
            EndByFault(e);
        }
        finally
        {
            Array.ForEach(_taken, static message => message.Clear());
            PartEnded();
        }
    }

    /// <summary>Carries the announcements in front from where the bus put them, if they need no other rule. False if there is
    /// none.</summary>
    private bool CarryPlain()
    {
        if (_options.Trace is not null || _isMissing || !_outbox.HasRoom)
        {
            return false;
        }

        int before = _outward.Count;
        var plain = new PlainMessages(_rules, _termination, _outward, WorthWriting);
        int count = _ksock.Host.TakeInPlace(ref plain);
        if (count == 0)
        {
            _outward.KeepFirst(before);
            return false;
        }

        _carriedOut += count;
        if (_outward.Count > WorthWriting)
        {
            WriteOutward();
        }

        return true;
    }

    /// <summary>Takes waiting messages while there is room for them. Waits if there is none. Returns the number of messages.</summary>
    private int TakeSome()
    {
        Errno error = _ksock.Host.TryTakeSome(_taken, out int count);
        if (error == Errno.None)
        {
            return count;
        }

        WriteOutward();
        return _ksock.WaitForMessage(_taken[0]) ? 1 : 0;
    }

    private void CarryOutward(MessageBuffer message)
    {
        ReadOnlySpan<byte> name = message.Name;
        ReadOnlySpan<byte> data = message.Data;
        if (_termination is not null && name.SequenceEqual(_termination))
        {
            WriteOutward();
            End(LimpetEndingKind.Terminated, $"The termination message {_options.TerminationMessage} was read.");
            return;
        }

        MessageHeader header = message.Header;
        Verdict verdict = _rules.FromBus(ref header, name, data, out Errno error);
        if (_options.Trace is not null)
        {
            Trace(FromBus, header, name, verdict.ToString());
        }

        switch (verdict)
        {
            case Verdict.Carry when (!_isMissing && _outbox.HasRoom) || MayBeAdded(message, out error):
                if (message.IsRequest || message.IsReply)
                {
                    PromptThread.Note();
                }

                _outward.Add(header, name, data);
                _carriedOut++;
                if (_outward.Count > WorthWriting)
                {
                    WriteOutward();
                }

                break;
            case Verdict.Carry when error != Errno.None && _rules.Forget(message.Id):
            case Verdict.Answer:
                AnswerRequester(message.Header, error);
                break;
            case Verdict.Loop:
                EndLoop();
                break;
            case Verdict.EventsLost:
                End(LimpetEndingKind.EventsLost, "The bus could not tell of every replier that left; the link is made anew.");
                break;
        }
    }

    private void WriteOutward()
    {
        // The other thread may sleep, and one of its messages have been refused.
        _ksock.Host.LookForOutcome(0);
        if (_outward.Count > 0)
        {
            _outbox.Take(ref _outward);
            _outbox.Flush();
        }
    }

    /// <summary>Looks whether the peer takes enough that one more message may wait for it, and waits a little if not.</summary>
    /// <param name="message">The message.</param>
    /// <param name="error">EBUSY if it may not, and is a Request that must be answered for the peer.</param>
    private bool MayBeAdded(MessageBuffer message, out Errno error)
    {
        error = Errno.None;
        if (_outbox.WaitForRoom())
        {
            if (_isMissing)
            {
                _isMissing = false;
                _options.Say(LimpetLogLevel.Information, $"The peer takes messages again; it missed {Interlocked.Read(ref _missed) - _missedBefore} announcements and Requests.");
            }

            return true;
        }

        bool mustBeAnswered = LimpetRules.MustBeAnswered(message.Header);
        if (!mustBeAnswered && (message.IsReply || Frame.IsBindEvent(message.Name)))
        {
            // An answer is awaited there, and what is known there of repliers must stay true. There are only so many of them.
            if (_outbox.Waiting <= OutboxLimit)
            {
                return true;
            }

            EndStuck();
            return false;
        }

        error = mustBeAnswered ? Errno.EBUSY : Errno.None;
        long missed = Interlocked.Increment(ref _missed);
        if (!_isMissing)
        {
            _isMissing = true;
            _missedBefore = missed - 1;
            _options.Say(LimpetLogLevel.Warning, $"The peer takes nothing and {_outbox.Waiting} bytes wait for it: it misses announcements, and requests for it are refused.");
        }

        return false;
    }

    /// <summary>Answers a Request of this bus for the peer.</summary>
    private void AnswerRequester(in MessageHeader request, Errno error)
    {
        byte[] name = LimpetRules.AnswerTo(request, error, out MessageHeader answer);
        Errno refusal = _ksock.Submit(answer, name, default, out _);
        if (refusal != Errno.None && _options.Trace is not null)
        {
            Trace(FromPeer, answer, name, $"refused, {KbusErrors.Name(refusal)}");
        }
    }

    private void EndStuck() =>
        End(LimpetEndingKind.PeerStalled, $"The peer takes nothing, and {_outbox.Waiting} bytes wait for it.");

    private void EndLoop() => End(
        LimpetEndingKind.Loop,
        $"Limpets join these buses in a ring, or two have the same network id: {_rules.LoopEvidence}. This link is closed, and on standby if it can be; messages must have one way only.");
}
