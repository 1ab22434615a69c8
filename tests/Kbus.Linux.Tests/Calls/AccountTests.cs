namespace Kbus.Linux.Tests;

/// <summary>Users and groups of the machine.</summary>
public sealed class AccountTests
{
    [Fact]
    public void Root_is_found_by_name_and_by_number_with_its_groups()
    {
        Check.Ok(AccountDatabase.FindUser("root", out AccountEntry byName));
        Check.Ok(AccountDatabase.FindUser(0, out AccountEntry byNumber));
        Assert.Equal(new AccountEntry("root", 0, 0), byName);
        Assert.Equal(byName, byNumber);
        Check.Ok(AccountDatabase.GroupsOf("root", byName.Group, out uint[] groups));
        Assert.Contains(0u, groups);
    }

    [Fact]
    public void Nobody_is_found_by_a_name_that_nobody_has()
    {
        Assert.Equal(LibC.NotFound, AccountDatabase.FindUser("kbus-nobody-has-this", out _));
        Assert.Equal(LibC.NotFound, AccountDatabase.FindUser(uint.MaxValue - 7, out _));
        Assert.Equal(LibC.NotFound, AccountDatabase.FindGroup("kbus-nobody-has-this", out _));
    }
}
