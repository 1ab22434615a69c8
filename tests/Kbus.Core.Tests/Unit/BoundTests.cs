using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Kbus.Core.Tests;

/// <summary>The table "How long one operation takes" in docs/limits.md is true: each case is played with ever more of what it grows with, and its steps are counted.</summary>
public sealed partial class BoundTests
{
    // What any operation may take, and for each message that it delivers or, where a limit is the bound, for each thing that it looks at.
    private const ulong Constant = 2500;
    private const ulong EachMessage = 25;
    private const ulong EachThing = 5;

    private static readonly Dictionary<string, Func<Stage, int, Func<int>>> Cases = new()
    {
        ["close with bindings"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, n);
            return s.Closing(ksock);
        },
        ["close with a full queue"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, 1);
            s.Send(n, MessageFlags.None);
            return s.Closing(ksock);
        },
        ["close with Requests out"] = (s, n) =>
        {
            KsockState asker = s.Open();
            s.Bind(s.Open(), 1, isReplier: true);
            s.Send(n, MessageFlags.WantAReply, asker);
            return s.Closing(asker);
        },
        ["close with Requests in the queue"] = (s, n) =>
        {
            KsockState replier = s.Open();
            s.Bind(replier, 1, isReplier: true);
            s.Send(n, MessageFlags.WantAReply);
            return s.Closing(replier);
        },
        ["close with Requests read"] = (s, n) =>
        {
            KsockState replier = s.Open();
            s.Bind(replier, 1, isReplier: true);
            s.Send(n, MessageFlags.WantAReply);
            s.TakeAll(replier);
            return s.Closing(replier);
        },
        ["close with own Requests read"] = (s, n) =>
        {
            KsockState both = s.Open();
            s.Bind(both, 1, isReplier: true);
            s.Send(n, MessageFlags.WantAReply, both);
            s.TakeAll(both);
            return s.Closing(both);
        },
        ["close of a replier that is reported"] = (s, n) =>
        {
            KsockState replier = s.Open();
            s.BindMany(replier, n, isReplier: true);
            s.Bus.Bind(s.Open(), MessageName.ReplierBindEvent, isReplier: false);
            s.Bus.ReportReplierBinds(s.Sender, 1, out _);
            return s.Closing(replier);
        },
        ["send to listeners"] = (s, n) =>
        {
            s.Bind(s.Open(), n);
            return s.Sending(MessageFlags.None);
        },
        ["send to listeners without room"] = (s, n) =>
        {
            KsockState full = s.Open();
            s.Bus.MaxMessages(full, 1);
            s.Bind(full, n);
            s.Send(1, MessageFlags.None);
            return s.Sending(MessageFlags.None);
        },
        ["send urgently"] = (s, n) =>
        {
            s.Bind(s.Open(), n);
            return s.Sending(MessageFlags.Urgent);
        },
        ["send to a name for the first time"] = (s, n) =>
        {
            KsockState full = s.Open();
            s.Bus.MaxMessages(full, 1);
            s.Bind(full, n);
            return s.Sending(MessageFlags.None);
        },
        ["send past what closed Ksocks had"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, n);
            s.Bus.Close(ksock);
            return s.Sending(MessageFlags.None);
        },
        ["take where many wait for room"] = (s, n) =>
        {
            KsockState full = s.Open();
            s.Bus.MaxMessages(full, 1);
            s.Bind(full, 1);
            s.Send(1, MessageFlags.None);
            s.Wait(n);
            return () =>
            {
                s.Take(full);
                return 0;
            };
        },
        ["bind where many wait for room"] = (s, n) =>
        {
            KsockState full = s.Open();
            s.Bus.MaxMessages(full, 1);
            s.Bind(full, 1);
            s.Send(1, MessageFlags.None);
            s.Wait(n);
            return () =>
            {
                s.Bus.Bind(s.Sender, "$.Other"u8, isReplier: false);
                return 0;
            };
        },
        ["unbind"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, 1);
            s.Send(n, MessageFlags.None);
            s.Bus.Bind(ksock, "$.Other"u8, isReplier: false);
            return () =>
            {
                s.Bus.Unbind(ksock, "$.Other"u8, isReplier: false);
                return 0;
            };
        },
        ["revoke a binding"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, 1);
            s.Send(n, MessageFlags.None);
            s.Bus.Bind(ksock, "$.Other"u8, isReplier: true);
            s.Bus.Bind(s.Open(), MessageName.ReplierBindEvent, isReplier: false);
            s.Bus.ReportReplierBinds(s.Sender, 1, out _);
            return () =>
            {
                Assert.True(s.Bus.Revoke(ksock, "$.Other"u8, isReplier: true));
                return 0;
            };
        },
        ["withdraw an answer"] = (s, n) =>
        {
            KsockState asker = s.Open();
            KsockState replier = s.Open();
            s.Bind(replier, 1, isReplier: true);
            s.Send(1, MessageFlags.WantAReply, asker, tag: 7);
            s.Bus.Close(replier);
            s.Bind(asker, 1);
            s.Send(n, MessageFlags.None);
            return () =>
            {
                s.Bus.Withdraw(asker, 7);
                return 0;
            };
        },
        ["withdraw among Requests"] = (s, n) =>
        {
            KsockState asker = s.Open();
            s.Bind(s.Open(), 1, isReplier: true);
            s.Send(n, MessageFlags.WantAReply, asker);
            return () =>
            {
                s.Bus.Withdraw(asker, 7);
                return 0;
            };
        },
        ["report the repliers"] = (s, n) =>
        {
            s.BindMany(s.Open(), n, isReplier: true);
            KsockState asker = s.Open();
            return () =>
            {
                s.Bus.ReportReplierBinds(asker, 1, out _);
                return asker.Queue.Count;
            };
        },
        ["continue"] = (s, n) =>
        {
            KsockState ksock = s.Open();
            s.Bind(ksock, n);
            s.Send(1, MessageFlags.None);
            s.Bus.Close(ksock);
            return () =>
            {
                s.Bus.Continue(2000);
                return 0;
            };
        },
    };

    public static IEnumerable<TheoryDataRow<string>> Keys => Cases.Keys.Select(k => new TheoryDataRow<string>(k));

    private static int Greatest => int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_RUNS"), CultureInfo.InvariantCulture, out int runs) && runs >= 10_000
        ? 1_000_000
        : 100_000;

    [Theory]
    [MemberData(nameof(Keys))]
    public void An_operation_takes_no_more_steps_than_the_documents_say(string key)
    {
        Assert.True(Documented().TryGetValue(key, out string? bound), $"docs/limits.md says nothing of '{key}'");
        for (int n = 10; n <= Greatest; n *= 10)
        {
            var stage = new Stage();
            Func<int> operation = Cases[key](stage, n);
            ulong before = stage.Bus.Steps;
            int messages = operation();
            ulong steps = stage.Bus.Steps - before;
            ulong most = Constant + (bound switch
            {
                "constant" => 0,
                "messages" => EachMessage * (ulong)messages,
                "limit" => EachThing * (ulong)n,
                _ => throw new InvalidOperationException($"docs/limits.md has no such bound as '{bound}'"),
            });
            Assert.True(steps <= most, $"{key}: {steps} steps with {n}, {messages} messages; {most} are allowed");
        }
    }

    [Fact]
    public void Every_operation_of_the_documents_is_played() => Assert.Equal(Cases.Keys.Order(), Documented().Keys.Order());

    /// <summary>The cases of the table, and the kind of bound that each has.</summary>
    private static Dictionary<string, string> Documented()
    {
        return Row().Matches(Checkout.Text("docs/limits.md")).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
    }

    [GeneratedRegex(@"^\| ([a-zA-Z ]+) \| [^|]+ \| (constant|messages|limit)\b[^|]*\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    /// <summary>A bus without limits that could get in the way, whose host continues what operations leave to be done.</summary>
    private sealed class Stage
    {
        public Stage() => Sender = Open();

        public Bus Bus { get; } = new(new BusOptions
        {
            DefaultMaxMessages = uint.MaxValue,
            MaxQueuedBytes = long.MaxValue,
            MaxBindings = int.MaxValue,
            MaxRepeats = int.MaxValue,
            MaxRequests = int.MaxValue,
            MaxNameBytes = long.MaxValue / 4,
            MaxMessageBytes = long.MaxValue / 4,
            StepsAtOnce = 1000,
        });

        public KsockState Sender { get; }

        public KsockState Open() => Bus.Open(canWrite: true, new QuietCarrier());

        public void Bind(KsockState ksock, int times, bool isReplier = false)
        {
            for (int i = 0; i < times; i++)
            {
                Assert.Equal(Errno.None, Bus.Bind(ksock, "$.A"u8, isReplier));
            }
        }

        public void BindMany(KsockState ksock, int names, bool isReplier)
        {
            for (int i = 0; i < names; i++)
            {
                Assert.Equal(Errno.None, Bus.Bind(ksock, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"$.N{i}")), isReplier));
            }
        }

        public void Send(int times, MessageFlags flags, KsockState? sender = null, uint tag = 0)
        {
            for (int i = 0; i < times; i++)
            {
                StoredMessage message = Compose(flags);
                message.Tag = tag;
                Assert.Equal(Errno.None, Bus.Send(sender ?? Sender, message, out _));
            }
        }

        public void TakeAll(KsockState ksock)
        {
            while (ksock.Queue.Count > 0)
            {
                Take(ksock);
            }
        }

        public void Take(KsockState ksock)
        {
            Assert.True(Bus.Take(ksock, out DeliveredMessage taken));
            taken.Message.Release();
        }

        /// <summary>Many send to who has no room, and wait.</summary>
        public void Wait(int senders)
        {
            for (int i = 0; i < senders; i++)
            {
                Assert.Equal(Errno.EAGAIN, Bus.Send(Open(), Compose(MessageFlags.AllOrWait), out _));
            }

            Bus.Continue(ulong.MaxValue / 2);
        }

        /// <summary>Closes a Ksock; the messages that this delivers are what others have in their queues more than before.</summary>
        public Func<int> Closing(KsockState ksock) => () =>
        {
            int before = Bus.Ksocks.Where(k => k != ksock).Sum(k => k.Queue.Count);
            Bus.Close(ksock);
            return Bus.Ksocks.Sum(k => k.Queue.Count) - before;
        };

        public Func<int> Sending(MessageFlags flags) => () =>
        {
            int before = Bus.Ksocks.Sum(k => k.Queue.Count);
            Send(1, flags);
            return Bus.Ksocks.Sum(k => k.Queue.Count) - before;
        };

        private StoredMessage Compose(MessageFlags flags) => Bus.Pool.Compose(new MessageHeader { Flags = flags }, "$.A"u8, default);
    }
}
