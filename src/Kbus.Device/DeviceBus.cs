using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Device;

/// <summary>One bus as the device files see it: its Core, and the door through which they come to it.</summary>
/// <remarks>
/// A device call runs on the thread that read it, between <see cref="Enter"/> and <see cref="Leave"/>; only then may it touch
/// <see cref="Bus"/>. Whoever is inside does nothing that could wait: no memory of a caller is read there, and nothing is waited for. An exception that
/// comes up inside ends the bus (<see cref="FailEntered"/>), because nobody knows what state it left the bus in.
/// </remarks>
internal abstract class DeviceBus
{
    [ThreadStatic]
    private static DeviceBus? _entered;

    /// <summary>The bus's number.</summary>
    public abstract uint Number { get; }

    /// <summary>The bus.</summary>
    public abstract Bus Bus { get; }

    /// <summary>The operations on the bus.</summary>
    public abstract BusOperations Operations { get; }

    /// <summary>The calling thread came to an exception: if it was inside a bus, that bus ends, and the thread is out.</summary>
    public static void FailEntered(Exception fault)
    {
        DeviceBus? bus = _entered;
        _entered = null;
        bus?.Fail(fault);
    }

    /// <summary>Waits until nobody else is in an operation on this bus, and keeps everybody else out.</summary>
    /// <exception cref="BusEndedException">A fault has ended the bus.</exception>
    public void Enter()
    {
        if (!TryEnter())
        {
            throw new BusEndedException();
        }
    }

    /// <summary>As <see cref="Enter"/>, but false if a fault has ended the bus.</summary>
    public bool TryEnter()
    {
        if (!TryGetIn())
        {
            return false;
        }

        _entered = this;
        return true;
    }

    /// <summary>Rings everybody else who has got messages, and lets others in again.</summary>
    public void Leave()
    {
        GetOut();
        _entered = null;
    }

    /// <summary>Who a caller is, as far as the bus's policy asks; null if there is no policy. Called outside, since it reads files.</summary>
    public abstract Identity? Identify(in FuseCaller caller);

    /// <summary>Makes the way into the bus for a Ksock that is to be opened. Called inside.</summary>
    /// <param name="identity">Who opens it.</param>
    /// <param name="owner">Whose it will be, and in which mode.</param>
    /// <returns>Null if the policy does not let it be opened.</returns>
    public abstract Admission? Admit(Identity? identity, KsockOwner owner);

    /// <summary>True if somebody may see the bus in reports. Called outside.</summary>
    public abstract bool MayReport(Identity? identity);

    /// <summary>A Ksock was opened here. Called inside.</summary>
    public abstract void Opened(DeviceKsock ksock);

    /// <summary>A Ksock was closed here. Called inside.</summary>
    public abstract void Closed(DeviceKsock ksock);

    /// <summary>The bus's message limit has been set: publishes it to all links. Called inside; it gets out now and then, so that others have their turns.</summary>
    public void TellMaxMessageSize()
    {
        ulong until = BeginTelling();
        while (!TellSome(until))
        {
            Leave();
            Enter();
        }
    }

    /// <summary>Begins to publish the message limit. Called inside.</summary>
    /// <returns>What to ask <see cref="TellSome"/> with.</returns>
    protected abstract ulong BeginTelling();

    /// <summary>Publishes the message limit to some links. Called inside.</summary>
    /// <returns>True if all have got it since the beginning.</returns>
    protected abstract bool TellSome(ulong until);

    /// <summary>Gets in; false if a fault has ended the bus.</summary>
    protected abstract bool TryGetIn();

    /// <summary>Gets out in the usual way.</summary>
    protected abstract void GetOut();

    /// <summary>Gets out and ends the bus. It tells its other members, and each <see cref="DeviceKsock"/> by <see cref="DeviceKsock.BusFailed"/>.</summary>
    protected abstract void Fail(Exception fault);
}
