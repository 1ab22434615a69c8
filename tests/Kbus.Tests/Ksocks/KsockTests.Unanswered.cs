using System.Buffers.Binary;
using Kbus.Core;
using Kbus.Hosts;

namespace Kbus.Tests;

// Announcements for which no answer is wanted.
public abstract partial class KsockTests
{
    [Fact]
    public Task Announcements_without_answers_come_in_order_with_what_is_sent_besides() => Limited.Run(() =>
    {
        Ksock sender = Open();
        Ksock listener = OpenListener("$.Say");
        listener.SetMaxMessages(uint.MaxValue);
        int said = 0;
        for (int round = 0; round < 60; round++)
        {
            // More than the ring between a process and its bus holds, now and then.
            var source = new Numbers(said, count: round % 20 == 0 ? 3000 : round, badEvery: 7);
            Assert.Equal(Errno.None, sender.Host.SendUnanswered(ref source));
            Assert.Equal(source.Bad, source.Refused);
            said = source.Next;
            byte[] number = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(number, said++);
            sender.Send("$.Say"u8, number);
        }

        for (int i = 0; i < said; i++)
        {
            Assert.Equal(i, BinaryPrimitives.ReadInt32LittleEndian(listener.WaitForMessage()!.Data.Span));
        }

        Assert.Null(listener.ReadNextMessage());
    });

    [Fact]
    public Task Announcements_without_answers_say_when_the_Ksock_is_closed_or_its_bus_has_died() => Limited.Run(() =>
    {
        Ksock closed = Open();
        Ksock orphan = Open();
        closed.Dispose();
        var source = new Numbers(0, count: 10, badEvery: 100);
        Assert.Equal(Errno.EBADF, closed.Host.SendUnanswered(ref source));
        _buses!.Die();
        Assert.Equal(Errno.ENODEV, ErrnoOf(() => orphan.Send(new Announcement("$.Say"))));
        Assert.Equal(Errno.ENODEV, orphan.Host.SendUnanswered(ref source));
        Assert.Equal(0, source.Refused);
    });

    /// <summary>Announcements of rising numbers; now and then one whose name is none, and which has no number.</summary>
    private struct Numbers(int first, int count, int badEvery) : IAnnouncements
    {
        private readonly byte[] _data = new byte[4];
        private readonly MessageHeader[] _header = new MessageHeader[1];
        private int _left = count;

        public int Next { get; private set; } = first;

        public int Bad { get; private set; }

        public int Refused { get; private set; }

        public bool TryNext(out OutgoingMessage message)
        {
            message = default;
            if (_left-- <= 0)
            {
                return false;
            }

            bool isBad = _left % badEvery == 0;
            if (isBad)
            {
                Bad++;
            }
            else
            {
                BinaryPrimitives.WriteInt32LittleEndian(_data, Next++);
            }

            message = new OutgoingMessage(in _header[0], isBad ? "$.Say..None"u8 : "$.Say"u8, _data);
            return true;
        }

        public void Refuse(Errno error)
        {
            Assert.Equal(Errno.EBADMSG, error);
            Refused++;
        }
    }
}
