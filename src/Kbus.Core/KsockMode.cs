namespace Kbus;

/// <summary>What a Ksock was opened for. Source: spec section 7 ("Permissions").</summary>
/// <remarks>Binding, asking and setting limits need neither; only reading messages and sending them do.</remarks>
[Flags]
public enum KsockMode
{
    /// <summary>Messages can be read, but not sent; so Requests cannot be answered.</summary>
    Read = 1,

    /// <summary>Messages can be sent, but not read.</summary>
    Write = 2,

    /// <summary>Messages can be read and sent: the usual way.</summary>
    ReadWrite = Read | Write,
}
