using System.Globalization;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>The fish of one bus who talk with those of another: one asks, one replies, one announces, one listens.</summary>
internal sealed class Shore
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private readonly Ksock _asker;
    private readonly Ksock _replier;
    private readonly Ksock _announcer;
    private readonly Ksock _listener;
    private readonly HashSet<MessageId> _asked = [];
    private readonly string _other;
    private readonly string _own;
    private int _announced;
    private int _heard;

    public Shore(Bowls bowls, uint bus, uint other)
    {
        (_own, _other) = ($"{bus}", $"{other}");
        (_asker, _announcer) = (bowls.Open(bus), bowls.Open(bus));
        _replier = bowls.Bound(bus, $"$.Ask.{_own}", replier: true);
        _listener = bowls.Bound(bus, $"$.Tell.{_other}");
        _listener.SetMaxMessages(100_000);
    }

    /// <summary>How many Requests a replier beyond has answered itself.</summary>
    public int Replies { get; private set; }

    /// <summary>How many Requests were answered in its place.</summary>
    public int Statuses { get; private set; }

    /// <summary>Replies to whatever comes, until it is cancelled.</summary>
    public void ReplyUntil(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            if (_replier.WaitForMessage(TimeSpan.FromMilliseconds(50)) is not { WantsUsToReply: true } request)
            {
                continue;
            }

            try
            {
                _replier.Send(Message.ReplyTo(request, request.Data));
            }
            catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
            {
                // The Limpet that asked for somebody beyond is gone.
            }
        }
    }

    /// <summary>Asks and announces, and reads all answers.</summary>
    /// <param name="count">How many Requests are to be accepted.</param>
    /// <param name="whenNoAnswer">What is done when no answer has come for a while; null if answers come without it.</param>
    public void Talk(int count, Action? whenNoAnswer)
    {
        long lateAt = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        for (int sent = 0; sent < count || _asked.Count > 0;)
        {
            Assert.True(Environment.TickCount64 < lateAt, $"bus {_own}: {sent} sent, no answer to {string.Join(", ", _asked)}");
            _announcer.Send(new Announcement($"$.Tell.{_own}", $"{++_announced}"));
            bool isSent = sent < count && _asked.Count < AtOnce && TryAsk();
            sent += isSent ? 1 : 0;
            if (isSent)
            {
                continue;
            }

            if (_asker.WaitForMessage(_asked.Count > 0 ? Patience : TimeSpan.FromMilliseconds(5)) is { } answer)
            {
                Note(answer);
            }
            else if (_asked.Count > 0)
            {
                whenNoAnswer?.Invoke();
            }
        }
    }

    /// <summary>Asks until the replier beyond itself has answered, then announces a last time.</summary>
    public void TalkUntilReplied()
    {
        int before = Replies;
        long lateAt = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (Replies == before)
        {
            Assert.True(Environment.TickCount64 < lateAt, $"bus {_own}: the link is not made again");
            Talk(1, null);
        }

        _announcer.Send(new Announcement($"$.Tell.{_own}", $"{++_announced}"));
    }

    /// <summary>Reads announcements up to the last: they are numbered upwards, whatever is missing.</summary>
    public int HearInOrder(Shore other)
    {
        int count = 0;
        while (_heard < other._announced)
        {
            int number = int.Parse(Bowls.Next(_listener).DataAsText, CultureInfo.InvariantCulture);
            Assert.True(number > _heard, $"bus {_own} heard {number} after {_heard}");
            _heard = number;
            count++;
        }

        return count;
    }

    /// <summary>Nothing more has come for who asked.</summary>
    public void CheckNothingIsLeft() => Assert.Equal(0u, _asker.NumMessages);

    private bool TryAsk()
    {
        try
        {
            return _asked.Add(_asker.Send(new Request($"$.Ask.{_other}", "?")));
        }
        catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL or Errno.EBUSY)
        {
            return false;
        }
    }

    private void Note(Message answer)
    {
        Assert.True(_asked.Remove(answer.InReplyTo), $"an answer too many: {answer}");
        if (answer.Name.StartsWith("$.KBUS.", StringComparison.Ordinal))
        {
            Statuses++;
        }
        else
        {
            Replies++;
        }
    }
}
