using Kbus.Core;
using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

/// <summary>A Ksock at the bare Unix level: write, SEND, NEXTMSG, read and the rest, each the same as on a device file.</summary>
/// <remarks>
/// Every call returns an <see cref="Errno"/> and throws nothing. Messages are written and read as bytes, in pieces of any size, in
/// the layout of spec section 3; the message under construction and the one being read are kept here, apart from what the Ksock's
/// other calls do. A written message may be <em>pointy</em>: its pointers are read, in this process, when it is sent.
/// Any thread may call. Source: spec sections 3.4, 4.1, 7 and 8.
/// </remarks>
public sealed partial class BareKsock : IDisposable
{
    private readonly Ksock _ksock;
    private readonly KsockHost _host;
    private readonly Lock _lock = new();
    private readonly MessageAssembly _assembly = new(new MessagePool());
    private readonly OwnMemory _memory = new();
    private readonly MessageBuffer _current = new();
    private int _position;

    internal BareKsock(Ksock ksock)
    {
        _ksock = ksock;
        _host = ksock.Host;
    }

    /// <summary>Bytes left of the message being read (LENLEFT); 0 if there is none.</summary>
    public int LengthLeft
    {
        get
        {
            lock (_lock)
            {
                return _current.EntireLength - _position;
            }
        }
    }

    /// <summary>Binds to a name (BIND).</summary>
    /// <param name="name">The name, possibly with a wildcard.</param>
    /// <param name="replier">True for a replier.</param>
    /// <returns>None, EBADMSG, ENAMETOOLONG, EADDRINUSE, EAGAIN, ENODEV or EBADF.</returns>
    public Errno Bind(ReadOnlySpan<byte> name, bool replier)
    {
        Errno error = _host.Bind(name, replier);
        if (error != Errno.None)
        {
            uint other = 0;
            if (error == Errno.EADDRINUSE)
            {
                _ = _host.FindReplier(name, isMatching: false, out other);
            }

            FailedCall.OfThisThread.Bind(error, name, replier, other, _ksock.Name);
        }

        return error;
    }

    /// <summary>Ends a binding (UNBIND).</summary>
    /// <param name="name">The name as it was bound.</param>
    /// <param name="replier">The role in which it was bound.</param>
    /// <returns>None, EBADMSG, ENAMETOOLONG, EINVAL, EAGAIN, ENODEV or EBADF.</returns>
    public Errno Unbind(ReadOnlySpan<byte> name, bool replier)
    {
        Errno error = _host.Unbind(name, replier);
        if (error != Errno.None)
        {
            FailedCall.OfThisThread.Unbind(error, name, replier, _ksock.Name);
        }

        return error;
    }

    /// <summary>Finds who is bound as replier with exactly this name (REPLIER).</summary>
    /// <param name="name">The name as it was bound.</param>
    /// <param name="replier">The replier's Ksock id, or 0.</param>
    /// <returns>None, ENAMETOOLONG, ENODEV or EBADF.</returns>
    public Errno FindReplier(ReadOnlySpan<byte> name, out uint replier) => FindReplier(name, isMatching: false, out replier);

    /// <summary>Finds who would get a Request of this name now, wildcards evaluated. Beyond the original.</summary>
    /// <param name="name">A message name, without a wildcard.</param>
    /// <param name="replier">The replier's Ksock id; 0 if there is none.</param>
    /// <returns>None, ENAMETOOLONG, EBADMSG, EBADF or ENODEV.</returns>
    public Errno FindReplierFor(ReadOnlySpan<byte> name, out uint replier) => FindReplier(name, isMatching: true, out replier);

    /// <summary>Asks whether a Ksock of this bus is a Limpet's. Beyond the original.</summary>
    /// <param name="ksock">The Ksock's id.</param>
    /// <param name="networkId">The Limpet's network id; 0 if it is no Limpet's, or there is no such Ksock.</param>
    /// <returns>None, EBADF or ENODEV.</returns>
    public Errno NetworkIdOf(uint ksock, out uint networkId) => Ask(Setting.NetworkIdOf, ksock, out networkId);

    /// <summary>Appends bytes to the message under construction; all are taken, or the whole message under construction is lost.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>None, EBADF (not opened for writing), EALREADY (a message waits; nothing is lost), EINVAL, ENAMETOOLONG, EMSGSIZE, EBADMSG, ENOMEM or ENODEV.</returns>
    public Errno Write(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_ksock.IsClosed || (_ksock.Mode & KsockMode.Write) == 0)
            {
                return Errno.EBADF;
            }

            try
            {
                return _host.IsSending ? Errno.EALREADY : _assembly.Write(bytes, _host.MaxMessageSize);
            }
            catch (OutOfMemoryException)
            {
                // What is half there would be taken for something else by the next write.
                _assembly.Discard();
                return Errno.ENOMEM;
            }
        }
    }

    /// <summary>Sends the message under construction, or tries the waiting one again (SEND).</summary>
    /// <param name="id">The message's id, with None and EAGAIN.</param>
    /// <returns>None, ENOMSG (nothing was written), EINVAL (incomplete), EFAULT, or what the bus says: spec section 4.1.</returns>
    public Errno Send(out MessageId id)
    {
        lock (_lock)
        {
            id = default;
            if (_ksock.IsClosed)
            {
                return Errno.EBADF;
            }

            if (_host.IsSending)
            {
                Errno retried = _host.Retry(out id);
                if (retried != Errno.None)
                {
                    FailedCall.OfThisThread.Retry(retried, _ksock.Waits, _ksock.Name);
                }

                return retried;
            }

            Errno error = _assembly.Finish(_memory, out StoredMessage? message);
            if (error == Errno.None)
            {
                error = _host.Send(new OutgoingMessage(ref message!.Header, message.Name, message.Data), SendManner.Written, out id);
                if (error != Errno.None)
                {
                    NotSent(error, message.Header, message.Name, message.Data.Length);
                }

                message.Release();
            }
            else
            {
                FailedCall.OfThisThread.Retry(error, null, _ksock.Name);
            }

            return error;
        }
    }

    /// <summary>Drops the message under construction, or the one that waits (DISCARD).</summary>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno Discard()
    {
        Forget();
        return _host.Discard();
    }

    /// <summary>Drops what is left of the current message and makes the next one current (NEXTMSG).</summary>
    /// <param name="length">Its entire length in bytes; 0 if there is none.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno NextMessage(out int length)
    {
        lock (_lock)
        {
            _position = 0;
            _current.Clear();
            Errno error = _host.TryTake(_current);
            length = _current.EntireLength;
            return error == Errno.ENOMSG ? Errno.None : error;
        }
    }

    /// <summary>Reads on in the current message.</summary>
    /// <param name="target">Takes the bytes.</param>
    /// <param name="count">How many were read; 0 at the end of the message, or if there is none.</param>
    /// <returns>None, or EBADF (not opened for reading, or closed).</returns>
    public Errno Read(Span<byte> target, out int count)
    {
        lock (_lock)
        {
            count = 0;
            if (_ksock.IsClosed || (_ksock.Mode & KsockMode.Read) == 0)
            {
                return Errno.EBADF;
            }

            ReadOnlySpan<byte> left = _current.Entire[_position..];
            count = Math.Min(left.Length, target.Length);
            left[..count].CopyTo(target);
            _position += count;
            if (_current.HasMessage && _position == _current.EntireLength)
            {
                _position = 0;
                _current.Clear();
            }

            return Errno.None;
        }
    }

    /// <summary>One poll: a waiting message is tried once. Spec section 8.</summary>
    /// <param name="readable">True if a message could be taken before that.</param>
    /// <param name="writable">True if no message waits after that, and the Ksock was opened for writing.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno Poll(out bool readable, out bool writable) => Poll(Deadline.Never, out readable, out writable);

    private Errno Poll(Deadline deadline, out bool readable, out bool writable)
    {
        return _host.Poll(deadline, out readable, out writable);
    }

    /// <summary>The id of the message last sent or tried (LASTSENT).</summary>
    /// <param name="id">The id; <c>[0:0]</c> before the first.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno LastSent(out MessageId id) => _host.LastSent(out id);

    /// <summary>Sets or asks for the queue limit (MAXMSGS).</summary>
    /// <param name="request">0 to ask, else the new limit.</param>
    /// <param name="value">The limit in force.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno MaxMessages(uint request, out uint value) => Ask(Setting.MaxMessages, request, out value);

    /// <summary>Messages that wait (NUMMSGS).</summary>
    /// <param name="count">How many.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno NumMessages(out uint count) => Ask(Setting.NumMessages, 0, out count);

    /// <summary>Requests read and not replied to (UNREPLIEDTO).</summary>
    /// <param name="count">How many.</param>
    /// <returns>None, ENODEV or EBADF.</returns>
    public Errno UnrepliedTo(out uint count) => Ask(Setting.UnrepliedTo, 0, out count);

    /// <summary>Whether a message that matches several bindings comes only once (MSGONLYONCE).</summary>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF asks.</param>
    /// <param name="previous">What it was: 0 or 1.</param>
    /// <returns>None, EINVAL, ENODEV or EBADF.</returns>
    public Errno OnlyOnce(uint request, out uint previous) => Ask(Setting.OnlyOnce, request, out previous);

    /// <summary>The bus's verbosity switch (VERBOSE).</summary>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF asks.</param>
    /// <param name="previous">What it was: 0 or 1.</param>
    /// <returns>None, EINVAL, ENODEV or EBADF.</returns>
    public Errno Verbose(uint request, out uint previous) => Ask(Setting.Verbose, request, out previous);

    /// <summary>Whether the bus announces repliers' binds (REPORTREPLIERBINDS).</summary>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF asks.</param>
    /// <param name="previous">What it was: 0 or 1.</param>
    /// <returns>None, EINVAL, EBUSY, ENODEV or EBADF.</returns>
    public Errno ReportReplierBinds(uint request, out uint previous) => Ask(Setting.ReportBinds, request, out previous);

    /// <summary>The greatest message size (MAXMSGSIZE).</summary>
    /// <param name="request">0 asks, 1 asks for the absolute maximum, 100 up to that sets it, in bytes.</param>
    /// <param name="value">The answer.</param>
    /// <returns>None, EINVAL, ENODEV or EBADF.</returns>
    public Errno MaxMessageSize(uint request, out uint value) => Ask(Setting.MaxMessageSize, request, out value);

    /// <summary>Makes one more bus (NEWDEVICE).</summary>
    /// <param name="device">Its number.</param>
    /// <returns>None, EINVAL, ENODEV or EBADF.</returns>
    public Errno NewDevice(out uint device) => Ask(Setting.NewDevice, 0, out device);

    /// <summary>Drops the message under construction and what is left of the current one. The Ksock stays open.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _assembly.Discard();
            _current.Dispose();
            _position = 0;
        }
    }

    /// <summary>Records why a message was not sent, or that it waits.</summary>
    private Errno NotSent(Errno error, in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
    {
        FailedCall.OfThisThread.Send(error, header, name, dataLength, _ksock.Name);
        _ksock.Remember(error, header, name, dataLength);
        return error;
    }

    private Errno FindReplier(ReadOnlySpan<byte> name, bool isMatching, out uint replier)
    {
        Errno error = _host.FindReplier(name, isMatching, out replier);
        if (error != Errno.None)
        {
            FailedCall.OfThisThread.FindReplier(error, name, _ksock.Name);
        }

        return error;
    }

    private Errno Ask(Setting setting, uint request, out uint value)
    {
        Errno error = _host.Ask(setting, request, out value);
        if (error != Errno.None)
        {
            FailedCall.OfThisThread.Set(error, setting, request, _ksock.Name);
        }

        return error;
    }

    /// <summary>Drops the message under construction.</summary>
    internal void Forget()
    {
        lock (_lock)
        {
            _assembly.Discard();
        }
    }
}
