namespace Kbus.Tests;

/// <summary>The buses that a test of Ksocks runs on.</summary>
internal interface ITestBuses : IDisposable
{
    /// <summary>Opens a Ksock on one of them.</summary>
    Ksock Open(uint device, KsockMode mode, KsockOptions options);

    /// <summary>Ends all of them at once, whatever is going on there.</summary>
    void Die();
}
