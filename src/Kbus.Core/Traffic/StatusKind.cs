namespace Kbus.Core;

/// <summary>Why the bus itself answered a Request. Spec section 6.1.</summary>
internal enum StatusKind
{
    /// <summary><c>$.KBUS.Replier.GoneAway</c>: its replier closed before it had read the Request.</summary>
    GoneAway,

    /// <summary><c>$.KBUS.Replier.Ignored</c>: its replier had read the Request, and closed without a Reply.</summary>
    Ignored,

    /// <summary><c>$.KBUS.Replier.Unbound</c>: its replier unbound before it had read the Request.</summary>
    Unbound,

    /// <summary><c>$.KBUS.Replier.Disappeared</c>: there was no replier any more when a Request that had waited could be sent.</summary>
    Disappeared,

    /// <summary><c>$.KBUS.ErrorSending</c>: a Request that had waited failed for another reason.</summary>
    ErrorSending,
}
