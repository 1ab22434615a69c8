using Kbus.Linux;

namespace Kbus.Links;

/// <summary>Makes the socket unwritable for poll and select while a message waits to be sent.</summary>
/// <remarks>
/// By leaving some bytes in it, which the bus never reads, and making the room that it may use so small that these fill it. The lock is a
/// leaf.
/// </remarks>
internal sealed class Writability(LinkLife life, NewsBoard board, KsockMode mode, SendLedger ledger)
{
    // More than half of the least room that the kernel gives a socket, so that this much is too much there.
    private const int FillLength = 2048;
    private readonly Lock _lock = new();
    private bool _isFull;
    private int _roomBefore;

    /// <summary>Makes the socket writable, or not, as the Ksock is.</summary>
    public void Show()
    {
        if (!board.KeepsExact || !life.TryEnter())
        {
            return;
        }

        lock (_lock)
        {
            bool mayWrite = (mode & KsockMode.Write) != 0 && !ledger.IsSending;
            if (mayWrite == _isFull && !life.IsDead)
            {
                if (_roomBefore == 0)
                {
                    _roomBefore = LibC.SendBufferSize(life.Socket.Number);
                    _ = LibC.Send(life.Socket.Number, stackalloc byte[FillLength], LibC.MessageDontWait);
                }

                _ = LibC.SetSendBufferSize(life.Socket.Number, mayWrite ? _roomBefore / 2 : 1);
                _isFull = !mayWrite;
            }
        }

        life.Leave(0);
    }
}
