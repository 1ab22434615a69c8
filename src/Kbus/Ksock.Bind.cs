using System.Text;

namespace Kbus;

public sealed partial class Ksock
{
    /// <summary>Binds to a name: from the return of this call on, every message sent with a name that matches comes to this Ksock.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> (any further words) or <c>.%</c> (one further word).</param>
    /// <param name="replier">
    /// False to listen; the same name may be bound more than once, and then each message comes as often. True to be the one who gets
    /// the Requests of that name to reply to.
    /// </param>
    /// <exception cref="KbusException">
    /// EPERM (the policy denies it, for the name or for one that the wildcard matches),
    /// EDQUOT (the process or its user has as many bindings as it may), EADDRINUSE (the very same name has a replier), EBADMSG or ENAMETOOLONG (the name), EAGAIN (a listener for bind events is full),
    /// ENODEV (the bus has died). Spec sections 2.3 and 2.4.
    /// </exception>
    public void Bind(string name, bool replier = false)
    {
        ThrowIfClosed();
        byte[] bytes = NameBytes(name);
        Errno error = _host.Bind(bytes, replier);
        if (error != Errno.None)
        {
            uint other = 0;
            if (error == Errno.EADDRINUSE)
            {
                _ = _host.FindReplier(bytes, isMatching: false, out other);
            }

            if (error == Errno.EDQUOT)
            {
                throw Unless(Refusals.OfQuota(Quota(), $"{Name} was not bound to {Refusals.Printable(bytes)}.", Name, "bind"));
            }

            throw Unless(Refusals.OfBind(error, bytes, bytes.Length, replier, other, Name));
        }
    }

    /// <summary>Ends the newest binding with exactly this name and role, and takes back what came by it and was not read.</summary>
    /// <remarks>Requests among what is taken back are answered with a Status <c>$.KBUS.Replier.Unbound</c>. Spec section 6.2.</remarks>
    /// <param name="name">The name as it was bound.</param>
    /// <param name="replier">The role in which it was bound.</param>
    /// <exception cref="KbusException">
    /// EINVAL (no such binding), EBADMSG or ENAMETOOLONG (the name), EAGAIN (a listener for bind events is full), ENODEV (the bus has died).
    /// </exception>
    public void Unbind(string name, bool replier = false)
    {
        ThrowIfClosed();
        byte[] bytes = NameBytes(name);
        Errno error = _host.Unbind(bytes, replier);
        if (error != Errno.None)
        {
            throw Unless(Refusals.OfUnbind(error, bytes, bytes.Length, replier, Name));
        }
    }

    /// <summary>Finds who is bound as replier with exactly this name.</summary>
    /// <param name="name">The name as it was bound; wildcards are not evaluated. Spec section 2.6.</param>
    /// <returns>The replier's Ksock id, or null if there is none.</returns>
    /// <exception cref="KbusException">ENAMETOOLONG (empty or longer than 1000 bytes), ENODEV (the bus has died).</exception>
    public uint? FindReplier(string name) => FindReplier(name, isMatching: false);

    /// <summary>Finds who would get a Request of this name now, bound to the name itself or to a wildcard that matches it.</summary>
    /// <param name="name">A message name, without a wildcard.</param>
    /// <returns>The replier's Ksock id, or null if nobody would.</returns>
    /// <exception cref="KbusException">
    /// ENAMETOOLONG (empty or longer than 1000 bytes), EBADMSG (no message may have this name), ENODEV (the bus has died).
    /// </exception>
    public uint? FindReplierFor(string name) => FindReplier(name, isMatching: true);

    private uint? FindReplier(string name, bool isMatching)
    {
        ThrowIfClosed();
        byte[] bytes = NameBytes(name);
        Errno error = _host.FindReplier(bytes, isMatching, out uint replier);
        if (error != Errno.None)
        {
            throw Unless(Refusals.OfFindReplier(error, bytes, bytes.Length, Name));
        }

        return replier == 0 ? null : replier;
    }

    private static byte[] NameBytes(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Encoding.UTF8.GetBytes(name);
    }
}
