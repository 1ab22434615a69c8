using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Device;

/// <summary>A Ksock that was opened as a device file: one for each open, shared by all descriptors that dup and fork make of it.</summary>
/// <remarks>
/// Its messages stay in the bus's queue until a call takes them. What the bus tells it becomes the waking of those who poll the file:
/// the kernel then asks again, and that poll tries a waiting message (D7). Touched only inside the bus.
/// </remarks>
internal sealed class DeviceKsock : QueueCarrier
{
    private readonly SendersMemory _memory = new();
    private nint _pollHandle;
    private bool _isPolled;

    /// <summary>Opens a Ksock. The caller is inside the bus.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="owner">Who opens it.</param>
    /// <param name="identity">Who that is, as far as the policy asks.</param>
    /// <param name="admission">The way of its operations into the bus.</param>
    /// <param name="share">What is disposed of when it has closed.</param>
    public DeviceKsock(DeviceBus bus, KsockOwner owner, Identity? identity, Admission admission, IDisposable share)
    {
        Bus = bus;
        Share = share;
        Identity = identity;
        Admission = admission;
        Owner = owner;
        File = new KsockFile(bus.Operations, owner.Mode, this, _memory);
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

    /// <summary>Who opened it, as far as the policy asks; null if there is no policy.</summary>
    public Identity? Identity { get; }

    /// <summary>The way of its operations into the bus.</summary>
    public Admission Admission { get; }

    /// <summary>True once the policy has closed it, though its file is open still. Read inside the bus.</summary>
    public bool IsRevoked { get; private set; }

    /// <summary>Gets into the bus, to do something with this Ksock.</summary>
    /// <exception cref="BusEndedException">A fault has ended the bus.</exception>
    /// <exception cref="KsockRevokedException">The policy does not let the Ksock be open any more. The caller is not inside.</exception>
    public void Enter()
    {
        Bus.Enter();
        if (IsRevoked)
        {
            Bus.Leave();
            throw new KsockRevokedException();
        }
    }

    /// <summary>SEND.</summary>
    /// <param name="memory">Where a pointy message finds its name and data.</param>
    /// <param name="id">The id, with None and EAGAIN.</param>
    public Errno Send(CallerMemory memory, out MessageId id)
    {
        id = default;
        if (File.State.Waiting is not null)
        {
            return Admission.Retry(File.State, out id);
        }

        _memory.Now = memory;
        Errno error = File.Complete(out StoredMessage? message);
        _memory.Now = null;
        return error == Errno.None ? Admission.Send(File.State, message!, out id) : error;
    }

    /// <summary>NEXTMSG.</summary>
    public uint NextMessage() => File.NextMessage();

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

        return Bus.Operations.Poll(File.State);
    }

    /// <summary>Closes the Ksock: the last descriptor is closed, or the last process that had one is gone.</summary>
    public void Close()
    {
        if (!IsRevoked)
        {
            File.Close();
            Bus.Closed(this);
        }

        DropPollHandle();
    }

    /// <summary>The policy does not let it be open any more: it is closed on the bus, and calls on its file fail with EPERM.</summary>
    public void Revoke()
    {
        IsRevoked = true;
        File.Close();
        Bus.Closed(this);
        Wake();
        DropPollHandle();
    }

    /// <summary>A fault has ended the bus: who polls the file is woken, and every further call fails.</summary>
    public void BusFailed()
    {
        Wake();
        DropPollHandle();
    }

    /// <inheritdoc/>
    public override void RetryWorthwhile() => Wake();

    /// <inheritdoc/>
    protected override void Changed() => Wake();

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
