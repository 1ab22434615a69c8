namespace Kbus.Core.Tests;

/// <summary>Charges for Ksocks that are on no bus.</summary>
internal static class TestCharges
{
    public static ProcessCharges Of(uint process) => new(new UserCharges(0, 0), process, (int)process);
}
