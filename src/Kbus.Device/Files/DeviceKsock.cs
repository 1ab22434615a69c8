using Kbus.Core;

namespace Kbus.Device;

/// <summary>A Ksock that was opened as a device file: one for each open, shared by all descriptors that dup and fork make of it.</summary>
/// <remarks>
/// Its messages stay in the bus's queue until a call takes them. What the bus tells it becomes the waking of those who poll the file:
/// the kernel then asks again, and that poll tries a waiting message (D7). Touched only inside the bus.
/// </remarks>
internal sealed class DeviceKsock : Carrier
{
    private readonly SendersMemory _memory = new();
    private nint _pollHandle;
    private bool _isPolled;
    private bool _isTaking;

    /// <summary>Opens a Ksock. The caller is inside the bus.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="owner">Who opens it.</param>
    /// <param name="share">What is disposed of when it has closed.</param>
    public DeviceKsock(DeviceBus bus, KsockOwner owner, IDisposable share)
    {
        Bus = bus;
        Share = share;
        Owner = owner;
        File = new KsockFile(bus.Bus, owner.Mode, this, _memory);
        bus.Opened(this);
    }

    /// <summary>The place that it has of those that there may be.</summary>
    public IDisposable Share { get; }

    /// <summary>The bus.</summary>
    public DeviceBus Bus { get; }

    /// <summary>The Ksock as an open file.</summary>
    public KsockFile File { get; }

    /// <inheritdoc/>
    public override KsockOwner Owner { get; }

    /// <summary>SEND.</summary>
    /// <param name="memory">Where a pointy message finds its name and data.</param>
    /// <param name="id">The id, with None and EAGAIN.</param>
    public Errno Send(CallerMemory memory, out MessageId id)
    {
        _memory.Now = memory;
        Errno error = File.Send(out id);
        _memory.Now = null;
        return error;
    }

    /// <summary>NEXTMSG.</summary>
    public uint NextMessage()
    {
        _isTaking = true;
        uint length = File.NextMessage();
        _isTaking = false;
        return length;
    }

    /// <summary>One poll, which tries a waiting message once. Spec section 8.</summary>
    /// <param name="handle">By which to wake the poller; 0 if it does not wait.</param>
    public (bool Readable, bool Writable) Poll(nint handle)
    {
        if (handle != 0)
        {
            // Each stands for the file, not for the poller; so the first does for all.
            _isPolled = true;
            if (_pollHandle == 0)
            {
                _pollHandle = handle;
            }
            else
            {
                LibFuse.DestroyPollHandle(handle);
            }
        }

        return Bus.Bus.Poll(File.State);
    }

    /// <summary>Closes the Ksock: the last descriptor is closed, or the last process that had one is gone.</summary>
    public void Close()
    {
        File.Close();
        Bus.Closed(this);
        DropPollHandle();
    }

    /// <summary>A fault has ended the bus: who polls the file is woken, and every further call fails.</summary>
    public void BusFailed()
    {
        Wake();
        DropPollHandle();
    }

    /// <inheritdoc/>
    public override void Appended() => Wake();

    /// <inheritdoc/>
    public override void Rewritten()
    {
        // The bus also tells of what this Ksock itself takes; that is no news.
        if (!_isTaking)
        {
            Wake();
        }
    }

    /// <inheritdoc/>
    public override void RetryWorthwhile() => Wake();

    private void DropPollHandle()
    {
        if (_pollHandle != 0)
        {
            LibFuse.DestroyPollHandle(_pollHandle);
            _pollHandle = 0;
        }
    }

    private void Wake()
    {
        if (_isPolled && _pollHandle != 0)
        {
            _isPolled = false;
            _ = LibFuse.NotifyPoll(_pollHandle);
        }
    }

    /// <summary>The memory of whoever is sending just now.</summary>
    private sealed class SendersMemory : CallerMemory
    {
        public CallerMemory? Now { get; set; }

        public override bool TryRead(ulong address, Span<byte> target) => Now is { } memory && memory.TryRead(address, target);
    }
}
