namespace Kbus.Conformance;

/// <summary>Two buses with everything at its default, to show the promises on.</summary>
internal interface IPromiseHost : IDisposable
{
    /// <summary>Opens a Ksock, which is closed with the host at the latest.</summary>
    Ksock Open(uint device = 0);
}
