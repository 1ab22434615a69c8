namespace Kbus.TestKit;

/// <summary>Assertions on results of calls.</summary>
public static class Check
{
    /// <summary>Fails unless the call succeeded; its result.</summary>
    public static int Ok(int result)
    {
        Assert.True(result >= 0, $"The call failed: {(Errno)(-result)}");
        return result;
    }

    /// <summary>Fails unless the call failed with that errno.</summary>
    public static void Fails(Errno expected, int result) => Assert.Equal(expected, (Errno)(-result));
}
